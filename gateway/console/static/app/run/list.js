// A list of what the service has, read when it is shown and after each change.

import { askToConfirm } from "../confirm.js";
import { button, element } from "../dom.js";
import { failure } from "../outcome.js";
import { pager } from "../pager.js";
import { t } from "../texts.js";

const ADMIN = "v2/admin";
const PAGE = 50;

export class List {
  #session;
  #path;
  #fill;
  #offset = 0;
  #said = element("div");
  #body = element("div", { class: "stack" });
  #paging = element("div", { class: "bar" });
  /** Stays in the page, so that screen readers hear of changes. */
  #status = element("p", { class: "visually-hidden", role: "status" });
  element;

  /** `fill` makes elements of what is read and of this list; `head` says what it is. */
  constructor(session, { path, head, fill }) {
    this.#session = session;
    this.#path = path;
    this.#fill = fill;
    const parts = [head, this.#said, this.#body, this.#paging, this.#status];
    this.element = element("div", { class: "stack" }, parts);
  }

  start() {
    return this.attempt(async () => {
      const page = `offset=${this.#offset}&limit=${PAGE}`;
      const answer = await this.#session.ask(`${ADMIN}/${this.#path}?${page}`);
      const told = await answer.json();
      this.#body.replaceChildren(...this.#fill(told, this).filter(Boolean));
      await this.#page(told.total ?? 0);
    });
  }

  #page(total) {
    // The last of a page may have been removed.
    if (this.#offset && this.#offset >= total) return this.#go(this.#offset - PAGE);
    const shown = Math.min(PAGE, total - this.#offset);
    const page = { offset: this.#offset, limit: PAGE, shown, total };
    const labels = [t("pager.back"), t("pager.on")];
    this.#paging.replaceChildren(...pager(page, labels, (offset) => this.#go(offset)));
  }

  #go(offset) {
    this.#offset = offset;
    return this.start();
  }

  stop() {}

  /** What a change answers; the list is read again. */
  async send(method, path, body) {
    const headers = { "Content-Type": "application/json" };
    const sent = body ? { headers, body: JSON.stringify(body) } : {};
    const answer = await this.#session.ask(`${ADMIN}/${path}`, { method, ...sent });
    const text = await answer.text();
    await this.start();
    return text ? JSON.parse(text) : null;
  }

  /** A button that takes something away, once the reader has agreed. */
  remover({ name, path, label, sentence }) {
    const act = async () => {
      if (!(await askToConfirm(sentence, label))) return;
      await this.attempt(async () => {
        await this.send("DELETE", path);
        this.tell(`${label}: ${name}`);
      });
    };
    return button(label, act, { class: "quiet", "aria-label": `${label}: ${name}` });
  }

  /** Say that something was done; what was pressed may be gone. */
  tell(sentence) {
    this.#status.textContent = sentence;
    if (document.activeElement === document.body) document.getElementById("main").focus();
  }

  /** Do something, and say why it was refused. */
  async attempt(act) {
    try {
      await act();
      this.#said.replaceChildren();
    } catch ({ message }) {
      this.#said.replaceChildren(failure(message));
    }
  }
}

/** One of a list: what it is, what is known of it, what can be done. */
export function row(title, facts, actions = []) {
  return element(
    "li",
    { class: "row" },
    element("div", { class: "row-title" }, title),
    element(
      "p",
      { class: "hint" },
      facts.filter(Boolean).map((fact) => element("span", {}, fact)),
    ),
    actions.length > 0 && element("div", { class: "actions" }, actions),
  );
}

export const rows = (elements) =>
  elements.length
    ? element("ul", { class: "rows" }, elements)
    : element("p", { class: "hint" }, t("run.none"));
