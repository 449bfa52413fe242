// Calls every service by file, base64 and URL with the generated client; prints what came back.
const [, , folder, address, user, password, ...calls] = process.argv;
const { readFileSync } = require("node:fs");
const { Configuration, PixelgateApi, ResponseError } = require(folder);

const sample = "gateway/console/static/favicon-32x32.png";
const picture = new Blob([readFileSync(sample)]);
const base64 = readFileSync(sample).toString("base64");

function given(names, value) {
  return Object.fromEntries(names.map((name) => [name, value]));
}

async function main() {
  const open = new PixelgateApi(new Configuration({ basePath: address }));
  const first = await open.token({ grantType: "password", clientId: "ltu-api", username: user, password });
  const { refreshToken } = first;
  const second = await open.token({ grantType: "refresh_token", clientId: "ltu-api", refreshToken });
  const api = new PixelgateApi(new Configuration({ basePath: address, accessToken: second.accessToken }));
  const answers = {};
  for (const call of calls) {
    const [service, ...names] = call.split(",");
    const byFile = await api[service](given(names, picture));
    const byText = await api[`${service}FromUrl`](given(names, base64));
    const byUrl = await api[`${service}FromUrl`](given(names, `${address}/console/sample.jpg`));
    answers[service] = [byFile, byText, byUrl].map((answer) => answer.version);
  }
  try {
    await api.edges({ image: new Blob(["no picture"]) });
  } catch (error) {
    answers.refusal = error instanceof ResponseError && (await error.response.json()).error;
  }
  console.log(JSON.stringify(answers));
}

main();
