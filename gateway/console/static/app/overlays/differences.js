// Two pictures laid on each other, and what differs between them.

import { bar, blink, divider, markSwitch, tabs } from "../controls.js";
import { element } from "../dom.js";
import { findings } from "../findings.js";
import { number, t } from "../texts.js";
import { sideBySide, stageOf, verticesOf } from "./parts.js";

/** The matrices, by which picture 2 is laid on picture 1. */
export const initial = { transform: "true" };

export function show({ answer, pictures: { image1, image2 } }) {
  const { diffOnImage1, diffOnImage2, matOn2 } = answer.result;
  const outlines = [diffOnImage1.map(verticesOf), diffOnImage2.map(verticesOf)];
  const stages = [
    stageOf(image1, outlines[0].flat(), t("inputs.1")),
    stageOf(image2, outlines[1].flat(), t("inputs.2")),
  ];
  const onto = matOn2 && image1.isShown && image2.isShown ? aligned(image1, image2, matOn2) : null;
  const items = diffOnImage1.map(({ boundingBox: { x, y, width, height } }, at) => ({
    title: `${number(width)} × ${number(height)}`,
    detail: t("findings.at", { x: number(x), y: number(y) }),
    marks: [
      ...stages.map((stage, side) => stage.mark(outlines[side][at], at + 1)),
      ...(onto ? [onto.stage.mark(outlines[0][at], at + 1)] : []),
    ],
  }));
  const beside = sideBySide(...stages);
  const views = onto
    ? tabs({ [t("view.aligned")]: onto.element, [t("view.beside")]: beside })
    : [beside];
  return [...views, findings(items)];
}

function aligned(image1, image2, matrix) {
  const stage = stageOf(image1);
  const upper = stage.warped(image2, matrix);
  const controls = bar(divider(stage, upper), blink(upper), markSwitch(stage));
  return { stage, element: element("div", { class: "stack" }, controls, stage.element) };
}
