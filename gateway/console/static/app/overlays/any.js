// A service without an overlay of its own: every picture of its answer.

import { element } from "../dom.js";
import { fromAnswer } from "../pictures.js";
import { Stage } from "../stage.js";

export async function show({ answer }) {
  const pictures = await Promise.all(picturesIn(answer.result).map((one) => fromAnswer(one, "")));
  const stages = pictures.map((picture) => new Stage(picture).element);
  return element("div", { class: "pair" }, stages);
}

function picturesIn(value) {
  if (value === null || typeof value !== "object") return [];
  if (value.encoding === "base64") return [value];
  return Object.values(value).flatMap(picturesIn);
}
