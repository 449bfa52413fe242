// One file of a batch in its table, and below it its result when that is opened.

import { button, element } from "../dom.js";
import { failure } from "../outcome.js";
import { number, t } from "../texts.js";

const COLUMNS = 5;

export class BatchRow {
  #row;
  #answer;
  #url;
  #state = element("span", { class: "task-state" });
  #message = element("span", { class: "hint", lang: "en" });
  #seconds = element("td", { class: "seconds" });
  #press = button(t("tasks.result"), () => this.#toggle(), { "aria-expanded": "false" });
  #below = null;

  /** `answer` makes elements of what came of a row. */
  constructor(row, answer) {
    this.#row = row;
    this.#answer = answer;
    this.#url = URL.createObjectURL(row.file);
    this.element = element(
      "tr",
      {},
      element("td", {}, this.#thumbnail()),
      element(
        "th",
        { scope: "row" },
        element("span", { class: "file-name", title: row.name }, row.name),
        this.#message,
      ),
      element("td", {}, this.#state),
      this.#seconds,
      element("td", {}, this.#press),
    );
    this.update();
  }

  #thumbnail() {
    const unseen = element("span", { class: "no-preview", "aria-hidden": "true" }, "···");
    const size = { width: 56, height: 44, loading: "lazy", decoding: "async", alt: "" };
    const image = element("img", { ...size, src: this.#url });
    image.addEventListener("error", () => image.replaceWith(unseen));
    return image;
  }

  update() {
    const { status, message, seconds } = this.#row;
    this.#state.textContent = t(`batch.${status}`);
    this.#state.dataset.status = status;
    this.#message.textContent = message ?? "";
    this.#message.classList.toggle("wrong", status === "failed");
    this.#seconds.textContent = seconds ? t("batch.seconds", { seconds: number(seconds) }) : "";
    this.#press.hidden = status !== "done";
    if (status !== "done") this.#close();
  }

  show(isShown) {
    this.element.hidden = !isShown;
    if (this.#below) this.#below.hidden = !isShown;
  }

  /** Forget its picture. */
  forget() {
    URL.revokeObjectURL(this.#url);
  }

  #close() {
    this.#below?.remove();
    this.#below = null;
    this.#press.setAttribute("aria-expanded", "false");
  }

  async #toggle() {
    if (this.#below) return this.#close();
    const cell = element("td", { colspan: COLUMNS, class: "stack" });
    this.#below = element("tr", {}, cell);
    this.element.after(this.#below);
    this.#press.setAttribute("aria-expanded", "true");
    try {
      cell.replaceChildren(...(await this.#answer(this.#row)));
    } catch ({ message }) {
      cell.replaceChildren(failure(message));
    }
  }
}
