// Before and after, and the regions that are hidden.

import { bar, blink, divider, markSwitch } from "../controls.js";
import { element } from "../dom.js";
import { findings } from "../findings.js";
import { fromAnswer } from "../pictures.js";
import { percent } from "../texts.js";
import { pictureWithList, stageOf } from "./parts.js";

export async function show({ answer, pictures }) {
  const { objects, size, picture, binary_mask: mask } = answer.result;
  const hidden = await fromAnswer(picture ?? mask, "");
  const before = pictures.image;
  const stage = stageOf(before.isShown ? before : hidden, [size]);
  const items = objects.map(({ kind, score, polygon }, at) => ({
    title: kind,
    detail: percent(score),
    marks: [stage.mark(polygon, at + 1)],
  }));
  const controls = before.isShown ? changes(stage, hidden) : [];
  return [bar(...controls, markSwitch(stage)), pictureWithList(stage, findings(items))];
}

function changes(stage, hidden) {
  const after = stage.layer(element("img", { src: hidden.url, alt: "" }));
  return [divider(stage, after), blink(after)];
}
