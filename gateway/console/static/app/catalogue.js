// The services and their forms, read out of the service's own OpenAPI document.

/** PEKAT's API takes no form, and has a page of its own. */
export const PARTS = ["core", "aerovision", "celantur"];
const NATIVE = "/v2/services/";
const FORM = "multipart/form-data";

/** Every service in the document's order of groups. */
export function servicesOf(document) {
  const found = Object.entries(document.paths)
    .filter(([, item]) => item.post?.requestBody?.content[FORM])
    .map(([path, item]) => service(path, item.post, document.components));
  const place = new Map(document.tags.map((tag, at) => [tag.name, at]));
  return found.sort((one, other) => place.get(one.group) - place.get(other.group));
}

function service(path, operation, components) {
  const { properties, required = [] } = operation.requestBody.content[FORM].schema;
  const inForm = Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    isRequired: required.includes(name),
  }));
  const inQuery = (operation.parameters ?? [])
    .filter((one) => one.in === "query")
    .map(({ name, description, schema }) => ({ name, schema: { ...schema, description } }));
  const fields = [...inForm, ...inQuery];
  const [title, ...rest] = operation.summary.split(": ");
  return {
    name: operation.operationId,
    path,
    title,
    summary: rest.join(": "),
    group: operation.tags[0],
    isNative: path.startsWith(NATIVE),
    areInQuery: inQuery.length > 0,
    files: fields.filter(({ schema }) => schema.format === "binary"),
    parameters: fields.filter(({ schema }) => schema.format !== "binary"),
    answersPicture:
      path.startsWith(NATIVE) && answersPicture(operation.responses["200"], components),
  };
}

function answersPicture(response, components) {
  const told = response.$ref ? components.responses[response.$ref.split("/").at(-1)] : response;
  return "image/png" in (told.content ?? {});
}

/** Addresses and client of the embedded issuer; null where an outside one gives the tokens. */
export function issuerOf(document) {
  const ending = (end) => Object.keys(document.paths).find((path) => path.endsWith(end));
  const token = ending("/openid-connect/token");
  if (!token) return null;
  const form = Object.values(document.paths[token].post.requestBody.content)[0].schema;
  return {
    token,
    logout: ending("/openid-connect/logout"),
    client: form.properties.client_id.default,
  };
}
