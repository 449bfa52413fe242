// What a picture shows, in words, each with a bar as long as its score.

import { element } from "../dom.js";
import { percent } from "../texts.js";
import { scale, stageOf } from "./parts.js";

export function show({ answer, pictures }) {
  const rows = answer.result.labels.map(({ description, score }) =>
    scale(description, percent(score), score),
  );
  return element(
    "div",
    { class: "with-list" },
    stageOf(pictures.image).element,
    element("div", { class: "scales" }, rows),
  );
}
