// What lies behind a result: the answer's JSON, and the request in other words.

import { copyButton, tabs } from "./controls.js";
import { element } from "./dom.js";
import { snippets } from "./snippets.js";
import { t } from "./texts.js";
import { translations } from "./translations.js";

const LONGEST_TEXT = 200;
const MOST_SHOWN = 200_000;

/** The answer, folded; long texts (pictures) are cut where it is shown, not where it is copied. */
export function rawJson(text) {
  return element(
    "details",
    { class: "raw" },
    element("summary", {}, "JSON"),
    copyable(text, "JSON", shortened(text)),
  );
}

function copyable(text, label, shown = text) {
  const block = element("pre", { tabindex: 0, role: "region", "aria-label": label }, shown);
  return element(
    "div",
    { class: "copyable" },
    block,
    copyButton(() => text),
  );
}

function shortened(text) {
  const cut = (_, value) =>
    typeof value === "string" && value.length > LONGEST_TEXT
      ? `${value.slice(0, 40)}… (${value.length})`
      : value;
  const pretty = JSON.stringify(JSON.parse(text, cut), null, 2);
  return pretty.length > MOST_SHOWN ? `${pretty.slice(0, MOST_SHOWN)}\n…` : pretty;
}

/** The request as a command and as code; `requestOf` is asked when it is opened. */
export function requestAsCode(requestOf) {
  const inside = element("div", { class: "stack" });
  const fill = (event) => {
    if (!event.target.open) return;
    const request = requestOf();
    const views = Object.entries({ ...snippets(request), ...translations(request) });
    const panes = views.map(([name, text]) => [name, copyable(text, name)]);
    inside.replaceChildren(...tabs(Object.fromEntries(panes)));
  };
  return element(
    "details",
    { class: "raw", ontoggle: fill },
    element("summary", {}, t("code.title")),
    inside,
  );
}
