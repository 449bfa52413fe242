// The colours as swatches; a press copies one.

import { copyButton } from "../controls.js";
import { element } from "../dom.js";
import { percent } from "../texts.js";
import { stageOf } from "./parts.js";

export function show({ answer, pictures }) {
  const { colors } = answer.result;
  const strip = element("div", { class: "strip", "aria-hidden": "true" }, colors.map(share));
  const swatches = element("ul", { class: "swatches" }, colors.map(swatch));
  return element(
    "div",
    { class: "with-list" },
    element("div", { class: "stack" }, stageOf(pictures.image).element, strip),
    swatches,
  );
}

const hexOf = (color) =>
  `#${color
    .slice(0, 3)
    .map((one) => one.toString(16).padStart(2, "0"))
    .join("")}`;

function share(color) {
  const part = element("span");
  part.style.background = hexOf(color);
  part.style.flexGrow = color[3];
  return part;
}

function swatch(color) {
  const hex = hexOf(color);
  const chip = element("span", { class: "chip", "aria-hidden": "true" });
  chip.style.background = hex;
  const shareText = element("span", { class: "row-detail" }, percent(color[3] / 100));
  return element(
    "li",
    {},
    chip,
    copyButton(() => hex, hex),
    shareText,
  );
}
