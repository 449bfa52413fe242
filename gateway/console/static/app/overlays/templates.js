// All places that look like the template.

import { findings } from "../findings.js";
import { outlineOf } from "../stage.js";
import { number, percent, t } from "../texts.js";
import { pictureWithList, stageOf } from "./parts.js";

export function show({ answer, pictures }) {
  const { matches } = answer.result;
  const stage = stageOf(
    pictures.image,
    matches.flatMap(({ box }) => outlineOf(box)),
  );
  const items = matches.map(({ box, score, scale, angle }, at) => ({
    title: percent(score),
    detail: t("templates.pose", { scale: number(scale), angle: number(angle, 1) }),
    marks: [stage.mark(outlineOf(box), at + 1)],
  }));
  return pictureWithList(stage, findings(items));
}
