// Edges and masks: in colour over the picture, or beside it.

import { fromAnswer, tinted } from "../pictures.js";
import { overOrBeside } from "./parts.js";

const GREEN = [0, 211, 172];
const PERCENTAGES = { edges: 100, "binary mask": 60 };

export async function show({ answer, pictures }) {
  const [[name, picture]] = Object.entries(answer.result);
  const mask = await fromAnswer(picture, name);
  return overOrBeside(pictures.image, mask, await tinted(mask, GREEN), PERCENTAGES[name]);
}
