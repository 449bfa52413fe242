// A question before what cannot be undone.

import { button, element } from "./dom.js";
import { t } from "./texts.js";

/** True where the reader agrees; the focus goes back to where it was. */
export function askToConfirm(sentence, action) {
  const dialog = element(
    "dialog",
    { class: "confirm", "aria-label": action },
    element("p", {}, sentence),
    element(
      "div",
      { class: "actions" },
      button(t("confirm.cancel"), () => dialog.close(), { autofocus: true }),
      button(action, () => dialog.close("yes"), { class: "primary wrong" }),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
