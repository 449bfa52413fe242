// A request to a service of any API, until what came of it is here.

import { Failure, formOf, send } from "./api.js";

const ASK_AGAIN_SECONDS = 0.5;
const ENDS = ["done", "error", "failed", "deleted"];

/** What is sent to a service; of some the parameters stand in the query. */
export function requestTo(service, pictures, values) {
  if (!service.areInQuery) return { service, path: service.path, pictures, values };
  const path = `${service.path}?${new URLSearchParams(values)}`;
  return { service, path, pictures, values: [] };
}

/**
 * The answer, and the files that other APIs keep beside it.
 *
 * `onTask` is told of the task that such an API makes of it, until it has ended.
 */
export async function submit(request, session, { headers, onTask = () => {}, ...options } = {}) {
  const { service, path, ...form } = request;
  const other = OTHERS[service.group];
  const all = { ...headers, ...other?.headers, ...(await session.headers()) };
  const sent = await send(path, { ...options, body: formOf(form), headers: all });
  if (!other) return sent;
  const asking = { session, signal: options.signal, onTask };
  return other.follow(JSON.parse(await sent.blob.text()), asking);
}

const OTHERS = {
  AeroVision: { follow: followMatch },
  Celantur: { follow: followFile, headers: { "x-is-async": "true" } },
};

async function followMatch({ uid }, asking) {
  const task = await ended(`api/v1/tasks/${uid}`, asking);
  if (task.status === "error") throw new Failure(task.error, 422);
  return { ...answerOf(task), files: await filesAt(task.result_files, asking) };
}

/** A mask is there where it was asked for. */
async function followFile({ id }, asking) {
  const path = `v1/task/${id}`;
  const forget = () => asking.session.ask(path, { method: "DELETE" }).catch(() => {});
  asking.signal?.addEventListener("abort", forget);
  const task = await ended(path, asking);
  if (task.status === "failed") throw new Failure(task.failure_cause, 422);
  if (task.metadata_link?.endsWith("/video/metadata")) {
    const { readVideo } = await import("./video.js");
    return { ...answerOf(task), video: await readVideo(task, asking) };
  }
  const kinds = ["anonymised", "binary_mask", "instance_mask"].filter((one) => task[`${one}_link`]);
  const paths = kinds.map((one) => `v1/file/${id}/${one.replace("_", "-")}`);
  return { ...answerOf(task), files: await filesAt(paths, asking) };
}

/** The task, which is asked for until it has ended. */
async function ended(path, { session, signal, onTask }) {
  for (;;) {
    const task = await (await session.ask(path, { signal })).json();
    if (ENDS.includes(task.status)) return task;
    onTask(task);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_SECONDS * 1000));
  }
}

function answerOf(task) {
  return { blob: new Blob([JSON.stringify(task)], { type: "application/json" }), seconds: null };
}

function filesAt(paths, { session, signal }) {
  const fetched = paths.map(async (path) => {
    const blob = await (await session.ask(path, { signal })).blob();
    const name = path.split("/").at(-1);
    const ending = name.includes(".") ? "" : `.${blob.type.split("/")[1]}`;
    return new File([blob], name + ending, { type: blob.type });
  });
  return Promise.all(fetched);
}
