// What several overlays are made of.

import { element } from "../dom.js";
import { outlineOf, Stage } from "../stage.js";
import { t } from "../texts.js";

/** A stage for a picture; of one that cannot be shown here, the ground that the points need. */
export function stageOf(picture, points = [], caption = "") {
  if (picture.isShown) return new Stage(picture, { caption });
  const reach = (axis) => points.reduce((most, point) => Math.max(most, point[axis] * 1.05), 1);
  return new Stage(picture, { caption: caption || t("stage.unseen"), size: [reach(0), reach(1)] });
}

export const pictureWithList = (stage, list) =>
  element("div", { class: "with-list" }, stage.element, list);

export const sideBySide = (...stages) =>
  element("div", { class: "pair" }, stages.map((one) => one.element));

/** The outline of a thing of which box and vertices are told, as contours and differences have it. */
export function verticesOf({ boundingBox: { x, y, width, height }, relativeVertices }) {
  if (!relativeVertices) return outlineOf([x, y, x + width, y + height]);
  return relativeVertices.map((vertex) => [x + vertex.x, y + vertex.y]);
}
