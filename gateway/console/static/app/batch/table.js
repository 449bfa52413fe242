// The files of a batch as a table, and what of it is shown.

import { BatchRow } from "./row.js";
import { element } from "../dom.js";
import { t } from "../texts.js";

const COLUMNS = ["batch.picture", "batch.file", "batch.state", "batch.time", "tasks.result"];
const FILTERS = ["all", "done", "failed", "waiting"];

export class BatchTable {
  #show;
  #filter = "all";
  #words = "";
  #rows = new Map();
  #body = element("tbody");

  /** `show` makes elements of a row's answer. */
  constructor(show) {
    this.#show = show;
  }

  /** Its elements, in the language of now. */
  elements() {
    const cells = COLUMNS.map((key) => element("th", { scope: "col" }, t(key)));
    const head = element("thead", {}, element("tr", {}, cells));
    return [this.#search(), element("table", { class: "batch" }, head, this.#body)];
  }

  /** Show rows that were added at the end. */
  append(rows) {
    for (const row of rows) {
      const made = new BatchRow(row, this.#show);
      this.#rows.set(row, made);
      this.#body.append(made.element);
      this.#applyFilter(row);
    }
  }

  update(row) {
    // It may have been cleared away while it was computed.
    this.#rows.get(row)?.update();
    this.#applyFilter(row);
  }

  clear() {
    for (const row of this.#rows.values()) row.forget();
    this.#rows.clear();
    this.#body.replaceChildren();
  }

  #search() {
    const change = (what) => {
      what();
      for (const row of this.#rows.keys()) this.#applyFilter(row);
    };
    const radios = FILTERS.map((name) => {
      const onchange = () => change(() => (this.#filter = name));
      const checked = name === this.#filter;
      const input = element("input", { type: "radio", name: "filter", checked, onchange });
      return element("label", {}, input, t(`batch.${name}`));
    });
    const segments = { class: "segmented", role: "radiogroup", "aria-label": t("batch.filter") };
    const search = element("input", {
      type: "search",
      value: this.#words,
      placeholder: t("batch.words"),
      "aria-label": t("batch.words"),
      oninput: ({ target }) => change(() => (this.#words = target.value.toLowerCase())),
    });
    return element("div", { class: "bar" }, element("div", segments, radios), search);
  }

  #applyFilter(row) {
    const { status, name, message = "" } = row;
    const isKind = this.#filter === "all" || status === this.#filter;
    const isShown = isKind && `${name} ${message}`.toLowerCase().includes(this.#words);
    this.#rows.get(row)?.show(isShown);
  }
}
