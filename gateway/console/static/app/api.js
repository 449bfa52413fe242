// Requests to the service that this page came from; each failure becomes a sentence.

import { t } from "./texts.js";

export const ROOT = new URL("../../", import.meta.url);

/** A failure in words that people can act on. */
export class Failure extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export async function readDocument() {
  return (await ask("openapi/core.json")).json();
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

async function ask(path, options = {}) {
  const address = new URL(path.replace(/^\//, ""), ROOT);
  let answer;
  try {
    answer = await fetch(address, { credentials: "omit", ...options });
  } catch {
    throw new Failure(t("failure.gone"));
  }
  if (answer.ok) return answer;
  throw new Failure(sentence(answer.status, await answer.text()), answer.status);
}

/**
 * Send a service's form. fetch() cannot tell how much is sent, so it is an XMLHttpRequest.
 *
 * `onProgress` is told the share that is sent, from 0 to 1.
 */
export function send(service, { body, headers, signal, onProgress, accept = "application/json" }) {
  const { promise, resolve, reject } = withResolvers();
  const request = new XMLHttpRequest();
  const isJson = accept === "application/json";
  request.open("POST", new URL(service.path.replace(/^\//, ""), ROOT));
  request.responseType = isJson ? "text" : "blob";
  for (const [name, value] of Object.entries({ ...headers, accept })) {
    request.setRequestHeader(name, value);
  }
  request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
  request.onload = async () => {
    const isWell = request.status === 200;
    if (isWell && isJson) resolve({ text: request.response, seconds: secondsOf(request) });
    else if (isWell) resolve({ blob: request.response });
    else reject(new Failure(sentence(request.status, await textOf(request)), request.status));
  };
  request.onerror = () => reject(new Failure(t("failure.gone")));
  request.onabort = () => reject(new DOMException("", "AbortError"));
  signal.addEventListener("abort", () => request.abort());
  request.send(body);
  return promise;
}

// Promise.withResolvers() is too young for some browsers.
function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

function textOf(request) {
  return request.responseType === "blob" ? request.response.text() : request.response;
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
    const message = told.message ?? told.error_description;
    if (message) return message;
  } catch {
    // No JSON: not the service's own answer.
  }
  return t("failure.status", { status });
}
