// What several overlays are made of.

import { bar, opacity, tabs } from "../controls.js";
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
  element(
    "div",
    { class: "pair" },
    stages.map((one) => one.element),
  );

/** The outline of a thing of which box and vertices are told, as contours and differences have it. */
export function verticesOf({ boundingBox: { x, y, width, height }, relativeVertices }) {
  if (!relativeVertices) return outlineOf([x, y, x + width, y + height]);
  return relativeVertices.map((vertex) => [x + vertex.x, y + vertex.y]);
}

/** A picture of the answer, in some form as a layer over the one that was sent, or beside it. */
export function overOrBeside(sent, found, layer, percentage) {
  if (!sent.isShown) return stageOf(found).element;
  const over = stageOf(sent);
  const control = opacity([over.layer(layer)], percentage);
  const beside = sideBySide(stageOf(sent), stageOf(found));
  return tabs({
    [t("view.over")]: element("div", { class: "stack" }, bar(control), over.element),
    [t("view.beside")]: beside,
  });
}

/** A name, its value in words, and a bar that fills a share of its line. */
export function scale(name, text, share) {
  const fill = element("span", { class: "scale-fill" });
  fill.style.width = `${Math.min(Math.max(share, 0), 1) * 100}%`;
  return element(
    "div",
    { class: "scale" },
    element("span", { class: "scale-name" }, name),
    element("span", { class: "scale-value" }, text),
    element("span", { class: "scale-line", "aria-hidden": "true" }, fill),
  );
}
