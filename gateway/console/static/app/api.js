// Requests to the service that this page came from; each failure becomes a sentence.

import { t } from "./texts.js";

const ROOT = new URL("../../", import.meta.url);

/** The address of a path of the API, below whatever prefix this page is. */
export const addressOf = (path) => new URL(path.replace(/^\//, ""), ROOT);

/** A failure in words that people can act on. */
export class Failure extends Error {
  /** `retryAfter` is what the header field of that name says. */
  constructor(message, status = 0, retryAfter = null) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = Number(retryAfter) || null;
  }
}

/** A part of the service's own OpenAPI document. */
export async function readDocument(part) {
  return (await ask(`openapi/${part}.json`)).json();
}

/** A file that the service has beside this page. */
export async function readBlob(path) {
  return (await ask(path)).blob();
}

/** A form as OAuth 2 wants it; the answer's JSON, if it has any. */
export async function postForm(path, fields) {
  const answer = await ask(path, { method: "POST", body: new URLSearchParams(fields) });
  const text = await answer.text();
  return answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
}

/** Whether a service answers without a token: it then complains about the missing picture alone. */
export async function isOpen(service) {
  try {
    await ask(service.path);
  } catch (failure) {
    return failure.status !== 401;
  }
  return true;
}

/** Any answer that is no refusal; whoever is signed in asks by `Session.ask`. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(addressOf(path), { credentials: "omit", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(t("failure.gone"));
  }
  if (answer.ok) return answer;
  throw new Failure(sentence(answer.status, await answer.text()), answer.status);
}

/** The form of a service: pictures by input, and parameters. */
export function formOf({ pictures, values }) {
  const form = new FormData();
  for (const [name, { file, address }] of Object.entries(pictures))
    form.append(name, file ?? address);
  for (const [name, value] of values) form.append(name, value);
  return form;
}

/**
 * Send a service's form. fetch() cannot tell how much is sent, so it is an XMLHttpRequest.
 *
 * `onProgress` is told the share that is sent, from 0 to 1.
 */
export function send(
  path,
  { body, headers, accept = "application/json", signal = null, onProgress = () => {} },
) {
  const request = new XMLHttpRequest();
  request.open("POST", addressOf(path));
  request.responseType = "blob";
  for (const [name, value] of Object.entries({ ...headers, accept })) {
    request.setRequestHeader(name, value);
  }
  request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
  signal?.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    request.onload = async () => {
      const { status, response } = request;
      if (status < 300) resolve({ blob: response, seconds: secondsOf(request) });
      else {
        const retryAfter = request.getResponseHeader("retry-after");
        reject(new Failure(sentence(status, await response.text()), status, retryAfter));
      }
    };
    request.onerror = () => reject(new Failure(t("failure.gone")));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    request.send(body);
  });
}

/** How long the engine computed, as Server-Timing tells it. */
function secondsOf(request) {
  const told = /engine;dur=([\d.]+)/.exec(request.getResponseHeader("server-timing"));
  return told ? Number(told[1]) / 1000 : null;
}

/** The service's own sentence; a proxy in between answers none. */
function sentence(status, text) {
  try {
    const told = JSON.parse(text);
    const message = told.message ?? told.error_description ?? told.detail ?? told.error;
    // FastAPI's form, which AeroVision's API has, tells several faults at once.
    if (Array.isArray(message))
      return message.map(({ loc, msg }) => `${loc.at(-1)}: ${msg}`).join(". ");
    if (message) return message;
  } catch {
    // No JSON: not the service's own answer.
  }
  return t("failure.status", { status });
}
