// One input of a service: drop, paste, choose, photograph or name a picture, and see which it is.

import { button, element, freshId } from "./dom.js";
import { fromAddress, fromFile, isVideo } from "./pictures.js";
import { number, t } from "./texts.js";

/**
 * The field of one file. `onchange` is told the picture, or null when it was taken away.
 *
 * `takesAddress` says that the service fetches pictures.
 */
export function picker({ label, schema, picture, isRequired, takesAddress, onchange }) {
  const take = async (file) => onchange(await fromFile(file));
  const [titleId, helpId] = [freshId(), freshId()];
  const attributes = { "aria-labelledby": titleId, "aria-describedby": helpId };
  const group = element(
    "div",
    { class: "picker", role: "group", ...attributes },
    element(
      "div",
      { class: "picker-head" },
      element("span", { class: "label", id: titleId }, label),
      !isRequired && element("span", { class: "hint" }, t("picker.optional")),
    ),
    picture
      ? chosen(picture, () => onchange(null))
      : element(
          "div",
          { class: "well" },
          empty(take, schema),
          takesAddress && fromUrl(onchange),
        ),
    element("p", { class: "help visually-hidden", id: helpId, lang: "en" }, schema.description),
  );
  dropping(group, take);
  return group;
}

function chosen(picture, remove) {
  return element(
    "div",
    { class: "chosen" },
    picture.isShown
      ? element("img", { src: picture.url, alt: "", width: 72, height: 56 })
      : element(
          "span",
          { class: "no-preview", "aria-hidden": "true" },
          picture.address ? "URL" : "···",
        ),
    element(
      "div",
      { class: "chosen-text" },
      element("span", { class: "file-name", title: picture.name }, picture.name),
      element("span", { class: "hint" }, sizeOf(picture)),
    ),
    button("×", remove, { class: "quiet round", "aria-label": t("picker.remove", picture) }),
  );
}

function sizeOf({ file, address, isShown, width, height }) {
  if (address) return t("picker.fetched");
  if (isVideo(file)) return t("picker.video", { size: number(file.size / 1e6) });
  return isShown ? `${width} × ${height}` : t("picker.unseen");
}

/** Of point clouds no camera makes any. */
function empty(take, schema) {
  const areClouds = isCloud(schema);
  const pictures = takesVideo(schema) ? "image/*,video/*" : "image/*";
  const file = chooser(take, { accept: areClouds ? ".ply" : pictures });
  const camera = chooser(take, { accept: "image/*", capture: "environment" });
  return [
    button(t("picker.choose"), () => file.click(), { class: "choose" }),
    file,
    !areClouds && button(t("picker.camera"), () => camera.click(), { class: "quiet for-touch" }),
    !areClouds && camera,
    element("span", { class: "hint" }, t(areClouds ? "picker.drop" : "picker.dropOrPaste")),
  ];
}

// A button opens it, so that it is one stop on the way of the Tab key.
function chooser(take, attributes) {
  const onchange = (event) => event.target.files[0] && take(event.target.files[0]);
  return element("input", { type: "file", hidden: true, onchange, ...attributes });
}

function fromUrl(onchange) {
  const field = element("input", {
    type: "url",
    placeholder: "https://",
    "aria-label": t("picker.address"),
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      use();
    },
  });
  const use = () => field.value && field.reportValidity() && onchange(fromAddress(field.value));
  const row = element("span", { class: "address" }, field, button(t("picker.use"), use));
  return element("details", {}, element("summary", {}, t("picker.url")), row);
}

/** Whether an input takes point clouds, not pictures. */
export const isCloud = (schema) => /\bPLY\b/.test(schema.description);

const takesVideo = (schema) => /\bvideo\b/.test(schema.description);

/** Whether what is dragged is a file, not a piece of text on its way into a field. */
export const holdsFile = ({ dataTransfer }) => dataTransfer.types.includes("Files");

function dropping(group, take) {
  const mark = (isOver) => group.classList.toggle("over", isOver);
  group.addEventListener("dragover", (event) => mark(holdsFile(event)));
  group.addEventListener("dragleave", () => mark(false));
  group.addEventListener("drop", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    mark(false);
    take(event.dataTransfer.files[0]);
  });
}
