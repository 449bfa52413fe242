// The test page: sends one picture as a client would, and shows what goes over the wire.

const element = (id) => document.getElementById(id);
const form = element("analysis");
const SHOWN_FIELDS = ["content-type", "content-length", "imagelen", "contextbase64utf"];
const MOST_SHOWN = 60;

if (/\/pekat\/[\w-]+\/$/.test(location.pathname)) {
  for (const id of ["services", "swagger", "guide"]) {
    element(id).setAttribute("href", `../../${element(id).getAttribute("href")}`);
  }
}

function isFile() {
  return form.elements.source.value === "file";
}

/** Method and address as a client sends them; flags have no value. */
function request() {
  const told = [`response_type=${element("kind").value}`];
  for (const [name, id] of [["data", "data"], ["api_key", "key"]]) {
    const value = element(id).value;
    if (value && (name !== "data" || isFile())) told.push(`${name}=${encodeURIComponent(value)}`);
  }
  if (element("in-body").checked) told.push("context_in_body");
  return isFile()
    ? { method: "POST", address: `analyze_image?${told.join("&")}`, body: element("file").files[0] }
    : { method: "GET", address: `last_image?${told.join("&")}` };
}

/** Picture and context of a response, taken apart as the vendor's SDK does. */
function takeApart(response, bytes) {
  const text = (part) => new TextDecoder().decode(part);
  const length = Number(response.headers.get("ImageLen"));
  if (length) return [bytes.slice(0, length), JSON.parse(text(bytes.slice(length)))];
  const inHead = response.headers.get("ContextBase64utf");
  if (!inHead) return [null, JSON.parse(text(bytes))];
  const decoded = Uint8Array.from(atob(inHead), (one) => one.charCodeAt(0));
  return [bytes, JSON.parse(text(decoded))];
}

function shortened(text) {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function show(sent, response, picture, context) {
  const hidden = sent.address.replace(/api_key=[^&]*/, "api_key=…");
  const path = new URL(hidden, location.href).pathname;
  element("request").textContent = `${sent.method} ${path}${hidden.slice(hidden.indexOf("?"))}`;
  const fields = SHOWN_FIELDS.filter((name) => response.headers.has(name));
  const lines = fields.map((name) => `${name}: ${shortened(response.headers.get(name))}`);
  element("response").textContent = [`${response.status} ${response.statusText}`, ...lines].join("\n");
  element("context").textContent = JSON.stringify(context, null, 2);
  const image = element("picture");
  URL.revokeObjectURL(image.src);
  image.hidden = !picture;
  if (picture) image.src = URL.createObjectURL(new Blob([picture], { type: "image/png" }));
  element("answer").hidden = false;
}

form.addEventListener("change", () => {
  element("file").required = isFile();
  element("file").disabled = !isFile();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const sent = request();
  button.disabled = true;
  try {
    const response = await fetch(sent.address, { method: sent.method, body: sent.body });
    const bytes = new Uint8Array(await response.arrayBuffer());
    show(sent, response, ...takeApart(response, bytes));
  } catch (error) {
    element("response").textContent = `No answer: ${error.message}`;
    element("context").textContent = "";
    element("picture").hidden = true;
    element("answer").hidden = false;
  } finally {
    button.disabled = false;
  }
});
