// A surface match of AeroVision's API: as our own, and the files that it keeps.

import { show as showFiles } from "./files.js";
import { placed } from "./surface.js";

export async function show({ answer, pictures: { model_file, scene_file }, files }) {
  const clouds = await placed(answer.result_data, model_file.file, scene_file.file);
  return [...clouds, await showFiles({ files })];
}
