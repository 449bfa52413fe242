// A request to a service of any API, until what came of it is here.

import { Failure, formOf, send } from "./api.js";

const ASK_AGAIN_SECONDS = 0.5;

/** What is sent to a service; of some the parameters stand in the query. */
export function requestTo(service, pictures, values) {
  if (!service.areInQuery) return { service, path: service.path, pictures, values };
  const path = `${service.path}?${new URLSearchParams(values)}`;
  return { service, path, pictures, values: [] };
}

/** The answer, and the files that other APIs keep beside it. */
export async function submit({ service, path, ...request }, session, { headers, ...options } = {}) {
  const all = { ...headers, ...(await session.headers()) };
  const sent = await send(path, { ...options, body: formOf(request), headers: all });
  const follow = FOLLOWING[service.group];
  return follow ? follow(JSON.parse(await sent.blob.text()), session, options.signal) : sent;
}

const FOLLOWING = { AeroVision: followMatch, Celantur: followFile };

/** A match is a task, which is asked for until it has ended. */
async function followMatch({ uid }, session, signal) {
  const ask = async () => (await session.ask(`api/v1/tasks/${uid}`, { signal })).json();
  let task = await ask();
  while (!["done", "error"].includes(task.status)) {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_SECONDS * 1000));
    task = await ask();
  }
  if (task.status === "error") throw new Failure(task.error, 422);
  return answered(task, task.result_files, session, signal);
}

/** A file is answered when it is anonymised; a mask is there where it was asked for. */
async function followFile(task, session, signal) {
  const kinds = ["anonymised", "binary_mask", "instance_mask"].filter((one) => task[`${one}_link`]);
  const paths = kinds.map((one) => `v1/file/${task.id}/${one.replace("_", "-")}`);
  return answered(task, paths, session, signal);
}

async function answered(task, paths, session, signal) {
  const fetched = paths.map(async (path) => {
    const blob = await (await session.ask(path, { signal })).blob();
    const name = path.split("/").at(-1);
    const ending = name.includes(".") ? "" : `.${blob.type.split("/")[1]}`;
    return new File([blob], name + ending, { type: blob.type });
  });
  const blob = new Blob([JSON.stringify(task)], { type: "application/json" });
  return { blob, seconds: null, files: await Promise.all(fetched) };
}
