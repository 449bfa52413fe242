// The request as it would be sent from elsewhere; a name stands where the secret goes.

import { addressOf } from "./api.js";

const TOKEN = "TOKEN";
const KEY = "API_KEY";

/** By language; `request` has the service, its pictures by input, and the changed parameters. */
export const snippets = (request) => ({
  curl: curl(request),
  Python: python(request),
  JavaScript: javascript(request),
});

const entries = ({ pictures }) => Object.entries(pictures);
const quoted = (text) => JSON.stringify(text);
export const inShell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

export function curl(request) {
  const header = request.isByKey ? `"X-API-Key: $${KEY}"` : `"Authorization: Bearer $${TOKEN}"`;
  const files = entries(request).map(([name, { address, name: file }]) =>
    address
      ? `--form-string ${inShell(`${name}=${address}`)}`
      : `-F ${inShell(`${name}=@${quoted(file)}`)}`,
  );
  const told = request.values.map(
    ([name, value]) => `--form-string ${inShell(`${name}=${value}`)}`,
  );
  return [`curl ${inShell(addressOf(request.path).href)}`, `-H ${header}`, ...files, ...told].join(
    " \\\n  ",
  );
}

function python(request) {
  const header = request.isByKey
    ? `{"X-API-Key": os.environ["${KEY}"]}`
    : `{"Authorization": "Bearer " + os.environ["${TOKEN}"]}`;
  const files = entries(request)
    .filter(([, picture]) => !picture.address)
    .map(([name, { name: file }]) => `        ${quoted(name)}: open(${quoted(file)}, "rb"),`);
  const addresses = entries(request)
    .filter(([, picture]) => picture.address)
    .map(([name, { address }]) => [name, address]);
  const data = [...addresses, ...request.values].map(
    ([name, value]) => `        ${quoted(name)}: ${quoted(value)},`,
  );
  return [
    "import os",
    "",
    "import requests",
    "",
    "answer = requests.post(",
    `    ${quoted(addressOf(request.path).href)},`,
    `    headers=${header},`,
    ...(files.length ? ["    files={", ...files, "    },"] : []),
    ...(data.length ? ["    data={", ...data, "    },"] : []),
    ")",
    "answer.raise_for_status()",
    "print(answer.json())",
  ].join("\n");
}

function javascript(request) {
  const header = request.isByKey ? `"X-API-Key": ${KEY}` : `Authorization: \`Bearer \${${TOKEN}}\``;
  const files = entries(request).map(([name, { address }]) =>
    address
      ? `form.append(${quoted(name)}, ${quoted(address)});`
      : `form.append(${quoted(name)}, ${name}File); // from an <input type="file">`,
  );
  return [
    "const form = new FormData();",
    ...files,
    ...request.values.map(([name, value]) => `form.append(${quoted(name)}, ${quoted(value)});`),
    `const answer = await fetch(${quoted(addressOf(request.path).href)}, {`,
    '  method: "POST",',
    `  headers: { ${header} },`,
    "  body: form,",
    "});",
    "if (!answer.ok) throw new Error(await answer.text());",
    "console.log(await answer.json());",
  ].join("\n");
}
