// Key points of one picture and where they are in the other one.

import { findings } from "../findings.js";
import { number, t } from "../texts.js";
import { sideBySide, stageOf } from "./parts.js";

export function show({ answer, pictures }) {
  const { matches, outline } = answer.result;
  const query = stageOf(
    pictures.query,
    matches.map((one) => one.query),
    t("matches.query"),
  );
  const ends = [...matches.map((one) => one.train), ...(outline ?? [])];
  const train = stageOf(pictures.train, ends, t("matches.train"));
  if (outline) train.mark(outline);
  const items = matches.map((one) => ({
    title: `${pointOf(one.query)} → ${pointOf(one.train)}`,
    detail: number(one.distance, 3),
    marks: [query.dot(one.query), train.dot(one.train)],
  }));
  return [sideBySide(query, train), findings(items)];
}

const pointOf = ([x, y]) => `${number(x, 0)}, ${number(y, 0)}`;
