// Run: how the service goes, what it has, and who may ask; for admins alone.

import { button, element } from "../dom.js";
import { models, quarantine, settings } from "../run/about.js";
import { accounts, clients, keys } from "../run/access.js";
import { History } from "../run/history.js";
import { Live } from "../run/live.js";
import { t } from "../texts.js";

/** By the second word of the address's fragment. */
const SECTIONS = { live: null, accounts, clients, keys, models, settings, quarantine };

export default class RunView {
  #session;
  #signIn;
  #history = new History();
  /** What is shown; it has `start` and `stop`. */
  #section = null;
  element = element("div", { class: "page run" });

  constructor({ session, signIn }) {
    this.#session = session;
    this.#signIn = signIn;
    session.addEventListener("change", () => {
      this.#history = new History();
      if (this.element.isConnected) this.show();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#section?.stop();
      else this.#section?.start();
    });
  }

  show() {
    this.hide();
    const asked = location.hash.split("/")[1];
    const name = Object.hasOwn(SECTIONS, asked) ? asked : "live";
    document.title = `${t("page.run")} · Pixelgate`;
    if (this.#session.isAdmin) this.#section = this.#make(name);
    this.element.replaceChildren(
      element("h1", {}, t("page.run")),
      ...(this.#section ? [sections(name), this.#section.element] : [this.#whose()]),
    );
    this.#section?.start();
  }

  hide() {
    this.#section?.stop();
    this.#section = null;
  }

  #make(name) {
    const section = SECTIONS[name];
    return section ? section(this.#session) : new Live(this.#session, this.#history);
  }

  #whose() {
    const { isSignedIn } = this.#session;
    const press = button(t("signin.submit"), () => this.#signIn(), { class: "primary" });
    return element("div", { class: "empty" }, t("run.whose"), !isSignedIn && press);
  }
}

function sections(current) {
  const links = Object.keys(SECTIONS).map((name) =>
    element(
      "a",
      { href: `#run/${name}`, "aria-current": name === current && "page" },
      t(`run.section.${name}`),
    ),
  );
  return element("nav", { class: "segmented", "aria-label": t("run.sections") }, links);
}
