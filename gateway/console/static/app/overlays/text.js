// Lines of text; their words can be selected over the picture.

import { bar, copyButton, markSwitch } from "../controls.js";
import { findings } from "../findings.js";
import { outlineOf } from "../stage.js";
import { t } from "../texts.js";
import { pictureWithList, stageOf } from "./parts.js";

export function show({ answer, pictures }) {
  const { text, lines } = answer.result;
  const stage = stageOf(
    pictures.image,
    lines.flatMap(({ box }) => outlineOf(box)),
  );
  const items = lines.map((line, at) => ({
    title: line.text,
    detail: line.language === "und" ? "" : line.language,
    marks: [stage.mark(outlineOf(line.box), at + 1)],
  }));
  for (const { words, angle } of lines) {
    for (const word of words) stage.word(word.text, word.box, angle);
  }
  const controls = bar(
    markSwitch(stage),
    copyButton(() => text, t("text.copy")),
  );
  return [controls, pictureWithList(stage, findings(items))];
}
