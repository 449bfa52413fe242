// Picture 1 as it lies on picture 2, and the matrix that puts it there.

import { bar, blink, divider, opacity, tabs } from "../controls.js";
import { element } from "../dom.js";
import { number, t } from "../texts.js";
import { sideBySide, stageOf } from "./parts.js";

export function show({ answer, pictures: { image1, image2 } }) {
  const { matrix1 } = answer.result;
  const beside = sideBySide(stageOf(image1, [], t("inputs.1")), stageOf(image2, [], t("inputs.2")));
  if (!image1.isShown || !image2.isShown) return [beside, table(matrix1)];
  const stage = stageOf(image2);
  const upper = stage.warped(image1, matrix1);
  const controls = bar(opacity([upper], 100), divider(stage, upper), blink(upper));
  const over = element("div", { class: "stack" }, controls, stage.element);
  return [...tabs({ [t("view.aligned")]: over, [t("view.beside")]: beside }), table(matrix1)];
}

function table(matrix) {
  const cell = (value) => element("td", {}, number(value, 6));
  const rows = [0, 3, 6].map((at) => element("tr", {}, matrix.slice(at, at + 3).map(cell)));
  return element("table", { class: "matrix" }, element("caption", {}, t("alignment.matrix")), rows);
}
