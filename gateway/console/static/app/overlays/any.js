// A service without an overlay of its own: every picture of its answer.

import { element } from "../dom.js";
import { picturesOf } from "../facts.js";
import { fromAnswer } from "../pictures.js";
import { Stage } from "../stage.js";

export async function show({ answer }) {
  const told = Object.values(picturesOf(answer.result));
  const pictures = await Promise.all(told.map((one) => fromAnswer(one, "")));
  const stages = pictures.map((picture) => new Stage(picture).element);
  return element("div", { class: "pair" }, stages);
}
