// Dialogs of the view that runs the service: what a change needs, and secrets that it made.

import { copyButton } from "../controls.js";
import { button, element, freshId } from "../dom.js";
import { t } from "../texts.js";

/**
 * Ask for values and try them until they are accepted; `act` takes the form's data.
 *
 * What `act` made; null where the reader gave up.
 */
export function askFor({ title, fields, act }) {
  const said = element("p", { class: "failure", role: "alert" });
  const submit = element("button", { class: "primary" }, title);
  const form = element(
    "form",
    { novalidate: true },
    element("h2", {}, title),
    fields,
    said,
    element(
      "div",
      { class: "actions" },
      submit,
      button(t("confirm.cancel"), () => dialog.close()),
    ),
  );
  const dialog = element("dialog", { class: "asking", "aria-label": title }, form);
  let made = null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    said.textContent = "";
    try {
      made = { answer: await act(new FormData(form)) };
      dialog.close();
    } catch (failure) {
      said.textContent = failure.message;
    }
    submit.disabled = false;
  });
  return shown(dialog, () => made);
}

/** What is never told again. */
export function showOnce(title, secret) {
  const dialog = element(
    "dialog",
    { class: "asking", "aria-label": title },
    element("h2", {}, title),
    element("p", {}, t("run.once")),
    element("code", { class: "secret", tabindex: 0 }, secret),
    element(
      "div",
      { class: "actions" },
      copyButton(() => secret),
      button(t("run.kept"), () => dialog.close(), { class: "primary" }),
    ),
  );
  return shown(dialog, () => null);
}

function shown(dialog, result) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result());
    });
  });
}

/** A line of text. */
export function line(name, label, attributes = {}) {
  const [id, helpId] = [freshId(), freshId()];
  const { help, ...others } = attributes;
  const described = help && { "aria-describedby": helpId };
  return element(
    "div",
    { class: "field" },
    element("label", { for: id }, label),
    element("input", { id, name, type: "text", autocomplete: "off", ...described, ...others }),
    help && element("p", { class: "help", id: helpId }, help),
  );
}

/** A password that is given, not asked for. */
export const newPassword = () =>
  line("password", t("signin.password"), {
    type: "password",
    autocomplete: "new-password",
    help: t("run.passwordHelp"),
  });

export function tick(name, label, isTicked = false, value = "on") {
  const input = element("input", { type: "checkbox", name, value, checked: isTicked });
  return element("label", { class: "tick" }, input, label);
}

/** Which services somebody may use; those that are known are seen where it is not all of them. */
export function scopeTicks(known, held) {
  return element(
    "fieldset",
    {},
    element("legend", {}, t("run.scopes")),
    tick("unlimited", t("run.everyService"), !held),
    element(
      "div",
      { class: "ticks" },
      known.map((one) => tick("scopes", element("code", {}, one), held?.includes(one), one)),
    ),
  );
}

/** As the API takes it: without the field there is no limit. */
export const scopesOf = (data) =>
  data.has("unlimited") ? {} : { scopes: data.getAll("scopes") };
