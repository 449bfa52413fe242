// The heat over the picture, or beside it.

import { element } from "../dom.js";
import { fromAnswer } from "../pictures.js";
import { overOrBeside } from "./parts.js";

/** The heat alone: here it is mixed with the picture as much as the reader likes. */
export const initial = { overlay: "false" };

export async function show({ answer, pictures }) {
  const heat = await fromAnswer(answer.result.heatmap, "heat map");
  const layer = element("img", { src: heat.url, alt: "" });
  return overOrBeside(pictures.image, heat, layer, 60);
}
