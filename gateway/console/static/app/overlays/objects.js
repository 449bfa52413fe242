// Things that were found, each in its box.

import { findings } from "../findings.js";
import { outlineOf } from "../stage.js";
import { percent } from "../texts.js";
import { pictureWithList, stageOf } from "./parts.js";

export function show({ answer, pictures }) {
  const { objects } = answer.result;
  const stage = stageOf(
    pictures.image,
    objects.flatMap(({ box }) => outlineOf(box)),
  );
  const items = objects.map(({ name, score, box }, at) => ({
    title: name,
    detail: percent(score),
    marks: [stage.mark(outlineOf(box), at + 1)],
  }));
  return pictureWithList(stage, findings(items));
}
