// The dialog for name and password, an API key or a pasted token.

import { button, element } from "./dom.js";
import { t } from "./texts.js";

const WAYS = {
  account: {
    fields: {
      username: { autocomplete: "username" },
      password: { type: "password", autocomplete: "current-password" },
    },
    use: (session, { username, password }) => session.signIn(username, password),
  },
  key: {
    fields: { key: { type: "password", autocomplete: "off" } },
    use: (session, { key }) => session.useKey(key),
  },
  token: {
    fields: { token: { type: "password", autocomplete: "off" } },
    use: (session, { token }) => session.useToken(token),
  },
};

/** Ask who it is; true once the session is signed in, false where the dialog was closed before. */
export function askToSignIn(session, reason) {
  const names = session.hasOwnIssuer ? ["account", "key"] : ["key", "token"];
  const said = element("p", { class: "failure", role: "alert" }, reason);
  const fieldset = element("div", { class: "signin-fields" });
  let way = names[0];
  const choose = (name) => {
    way = name;
    said.textContent = "";
    fieldset.replaceChildren(...Object.entries(WAYS[name].fields).map(field));
    fieldset.querySelector("input").focus();
  };
  const submit = element("button", { class: "primary" }, t("signin.submit"));
  const form = element(
    "form",
    { novalidate: true },
    element("h2", {}, t("signin.title")),
    choices(names, choose),
    fieldset,
    element("p", { class: "hint" }, t("signin.memory")),
    said,
    element(
      "div",
      { class: "actions" },
      submit,
      button(t("signin.cancel"), () => dialog.close()),
    ),
  );
  const dialog = element("dialog", { class: "signin", "aria-label": t("signin.title") }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    said.textContent = "";
    try {
      await WAYS[way].use(session, Object.fromEntries(new FormData(form)));
      dialog.close("done");
    } catch (failure) {
      said.textContent = failure.status === 401 ? t("failure.password") : failure.message;
    }
    submit.disabled = false;
  });
  document.body.append(dialog);
  dialog.showModal();
  choose(way);
  said.textContent = reason;
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      // The button that opened it may be another one by now.
      if (document.activeElement === document.body)
        document.querySelector("#account button").focus();
      resolve(dialog.returnValue === "done");
    });
  });
}

function field([name, attributes]) {
  const input = element("input", { id: `signin-${name}`, name, type: "text", ...attributes });
  const label = element("label", { for: input.id }, t(`signin.${name}`));
  return element("div", { class: "field" }, label, input);
}

function choices(names, choose) {
  const radios = names.map((name, at) =>
    element(
      "label",
      {},
      element("input", {
        type: "radio",
        name: "way",
        checked: at === 0,
        onchange: () => choose(name),
      }),
      t(`signin.by.${name}`),
    ),
  );
  return element(
    "div",
    { class: "segmented", role: "radiogroup", "aria-label": t("signin.way") },
    radios,
  );
}
