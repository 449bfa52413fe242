// The scan, and the solid where it was found, turned by hand.

import { element } from "../dom.js";
import { findings } from "../findings.js";
import { number, percent, t } from "../texts.js";
import { pictureWithList } from "./parts.js";

export function show({ answer, pictures: { model, scene } }) {
  return placed(answer.result, model.file, scene.file);
}

/** What turns and draws is loaded with the first result that has something to turn. */
export async function placed({ pose, overlap, poses_found }, model, scene) {
  const told = { overlap: percent(overlap), poses: number(poses_found) };
  const sentence = element("p", { class: "hint" }, t("surface.told", told));
  if (!model || !scene) return [sentence];
  const [{ readPly }, { Turntable }] = await Promise.all([
    import("../clouds/ply.js"),
    import("../clouds/turntable.js"),
  ]);
  const around = await readPly(scene);
  if (!pose) return [new Turntable(around, []).element, sentence];
  const solid = (await readPly(model)).map((point) => moved(point, pose));
  const table = new Turntable(around, [solid]);
  const item = { title: model.name, detail: percent(overlap), marks: table.marks };
  return [pictureWithList(table, findings([item])), sentence];
}

const moved = ([x, y, z], pose) =>
  pose.slice(0, 3).map(([a, b, c, shift]) => a * x + b * y + c * z + shift);
