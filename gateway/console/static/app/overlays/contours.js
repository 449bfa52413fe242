// Outlines of things, the biggest first.

import { findings } from "../findings.js";
import { number, t } from "../texts.js";
import { pictureWithList, stageOf, verticesOf } from "./parts.js";

export function show({ answer, pictures }) {
  const outlines = answer.result.contours.map(verticesOf);
  const stage = stageOf(pictures.image, outlines.flat());
  const items = answer.result.contours.map(({ boundingBox }, at) => ({
    title: sizeOf(boundingBox),
    detail: placeOf(boundingBox),
    marks: [stage.mark(outlines[at], at + 1)],
  }));
  return pictureWithList(stage, findings(items));
}

const sizeOf = ({ width, height }) => `${number(width)} × ${number(height)}`;
const placeOf = ({ x, y }) => t("findings.at", { x: number(x), y: number(y) });
