// What is shown of a request: how far it is, and then its result with what lies behind it.

import { button, element } from "./dom.js";
import { overlayOf } from "./overlays/index.js";
import { forgetAnswers, fromFile } from "./pictures.js";
import { rawJson } from "./raw.js";
import { number, t } from "./texts.js";

/**
 * A bar for the upload, which then waits, and for a task if one comes of it.
 *
 * `onProgress` is told the share that is sent, `onTask` the task.
 */
export function progress(cancel) {
  const label = element("span", {}, t("try.sending"));
  const line = element("progress", { max: 1, value: 0, "aria-label": t("try.progress") });
  const press = button(t("try.cancel"), cancel, { id: "cancel" });
  const onProgress = (share) => {
    line.value = share;
    if (share < 1) return;
    line.removeAttribute("value");
    label.textContent = t("try.working");
  };
  const onTask = ({ status, progress: share }) => {
    label.textContent = t(`tasks.${status}`);
    if (share) line.value = share;
  };
  return { element: element("div", { class: "working" }, label, line, press), onProgress, onTask };
}

export const failure = (sentence) => element("p", { class: "failure", role: "alert" }, sentence);

/** All of a result; `sendAgain` asks for it in another media type. */
export async function outcome({ request, text, seconds, total, ...kept }, overlay, sendAgain) {
  forgetAnswers();
  const took = { seconds: seconds && number(seconds, 3), total: number(total, 3) };
  return [
    ...(await findings(text, overlay, request.pictures, kept)),
    element("p", { class: "hint" }, t(seconds ? "try.took" : "try.answered", took)),
    ...(request.service.answersPicture ? [servicesPicture(request.service.name, sendAgain)] : []),
    rawJson(text),
  ];
}

/** A result that was kept; of its pictures some may not be at hand. */
export async function keptOutcome(blob, service, pictures) {
  if (blob.type.startsWith("image/")) return wholePicture(blob, service.name);
  const [text, overlay] = await Promise.all([blob.text(), overlayOf(service)]);
  const unseen = service.files.map(({ name }) => [name, { name, isShown: false }]);
  const all = { ...Object.fromEntries(unseen), ...pictures };
  return [...(await findings(text, overlay, all)), rawJson(text)];
}

async function findings(text, overlay, pictures, kept) {
  const answer = JSON.parse(text);
  const message = element("p", { class: "outcome", lang: "en" }, answer.details?.message);
  return [message, await drawing(overlay, { answer, pictures, ...kept })].flat();
}

/** A picture too large for this browser's canvas must not keep the answer back. */
async function drawing(overlay, told) {
  try {
    return await overlay.show(told);
  } catch (error) {
    console.error(error);
    return failure(t("failure.drawing"));
  }
}

/** The picture that the service itself draws of the result, asked for when it is unfolded. */
function servicesPicture(service, sendAgain) {
  const inside = element("div");
  const ask = async () => {
    const { blob } = await sendAgain("image/png");
    inside.replaceChildren(...(await wholePicture(blob, service)));
  };
  const say = ({ message }) => inside.replaceChildren(failure(message));
  const ontoggle = (event) => event.target.open && !inside.firstChild && ask().catch(say);
  const summary = element("summary", {}, t("try.picture"));
  return element("details", { class: "raw", ontoggle }, summary, inside);
}

async function wholePicture(blob, service) {
  const name = `${service}.${blob.type.split("/")[1]}`;
  const { url } = await fromFile(new File([blob], name, { type: blob.type }));
  const save = element("a", { href: url, download: name }, t("try.save"));
  return [element("img", { class: "whole", src: url, alt: name }), save];
}
