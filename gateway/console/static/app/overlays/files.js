// A result of another API: the files that it keeps, pictures and videos as such.

import { element } from "../dom.js";
import { fromFile } from "../pictures.js";
import { Stage } from "../stage.js";

export async function show({ files, ...told }) {
  if (told.video) return (await import("./video.js")).show(told);
  const shown = await Promise.all(files.map(fromFile));
  return element("div", { class: "pair" }, shown.map(figure));
}

function figure(picture) {
  const save = element("a", { href: picture.url, download: picture.name }, picture.name);
  if (!picture.isShown) return save;
  const stage = new Stage(picture).element;
  stage.append(element("figcaption", {}, save));
  return stage;
}
