// The same in JavaScript, in a browser or in Node 18 and newer: node fetch.mjs PICTURE
import { readFile, writeFile } from "node:fs/promises";

const { CLIENT_URL = "http://127.0.0.1:8000", CLIENT_USER, CLIENT_PASSWORD } = process.env;

async function token() {
  const body = new URLSearchParams({
    client_id: "ltu-api",
    grant_type: "password",
    username: CLIENT_USER,
    password: CLIENT_PASSWORD,
  });
  const path = "/realms/Production/protocol/openid-connect/token";
  const answer = await fetch(CLIENT_URL + path, { method: "POST", body });
  if (!answer.ok) throw new Error((await answer.json()).error_description);
  return (await answer.json()).access_token;
}

async function ask(service, authorization, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  const url = `${CLIENT_URL}/v2/services/image/${service}`;
  const answer = await fetch(url, { method: "POST", body, headers: { authorization } });
  const json = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${json.message}`);
  return json.result;
}

const authorization = `Bearer ${await token()}`;
const image = new Blob([await readFile(process.argv[2])]);

const { colors } = await ask("colorPalette", authorization, { image, count: 3 });
const hex = (value) => value.toString(16).padStart(2, "0");
for (const [red, green, blue, percent] of colors) {
  console.log(`#${hex(red)}${hex(green)}${hex(blue)} ${percent} %`);
}

const { edges } = await ask("edges", authorization, { image });
await writeFile("edges.png", Buffer.from(edges.value, "base64"));
console.log("edges.png");

await ask("edges", authorization, { image: new Blob(["no picture"]) }).catch((refused) =>
  console.log(refused.message),
);
