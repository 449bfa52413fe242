// How far two pictures are from showing the same thing: a sentence, a scale, and what matches.

import { element } from "../dom.js";
import { number, t } from "../texts.js";
import { sideBySide, stageOf } from "./parts.js";

/** From here on nothing is alike; the scale ends a little above. */
const FAR = 2;
const END = 2.5;

export function show({ answer, pictures }) {
  const { distance, reference, query } = answer.result;
  const { decision } = answer.details.info;
  const sides = [
    side(pictures.refImage, reference, t("distance.reference")),
    side(pictures.queryImage, query, t("distance.query")),
  ];
  const sentence = t(`distance.${decision}`, { distance: number(distance, 3) });
  return [element("p", { class: "sentence" }, sentence), ruler(distance), sideBySide(...sides)];
}

function side(picture, told, caption) {
  const [width, height] = told.originalDimensions;
  const stage = stageOf(picture, [[width, height]], caption);
  const points = told.matchingBox?.map(([x, y]) => [x * width, y * height]);
  if (points?.length) stage.mark(points);
  return stage;
}

function ruler(distance) {
  const pointer = element("span", { class: "ruler-pointer" });
  pointer.style.left = `${(Math.min(distance, END) / END) * 100}%`;
  const zones = [
    [1, "distance.zone.match"],
    [FAR - 1, "distance.zone.similar"],
    [END - FAR, "distance.zone.other"],
  ].map(([width, key]) => {
    const zone = element("span", {}, t(key));
    zone.style.flexGrow = width;
    return zone;
  });
  return element("div", { class: "ruler", "aria-hidden": "true" }, zones, pointer);
}
