// What was found, as a list beside the picture: a row and its marks light up together.

import { button, element } from "./dom.js";
import { t } from "./texts.js";

const MOST_ROWS = 200;
const MOST_BADGES = 40;

/**
 * The list; each finding has a title, a detail and the marks that belong to it.
 *
 * Pointing at either lights both; a press on a row keeps it lit.
 */
export function findings(items) {
  const rows = items.slice(0, MOST_ROWS).map(row);
  if (items.length > MOST_BADGES) {
    items.forEach(({ marks }) => marks.forEach((mark) => mark.classList.add("unnumbered")));
  }
  const left = items.length - rows.length;
  return element(
    "div",
    { class: "findings" },
    element("ol", {}, rows),
    left > 0 && element("p", { class: "hint" }, t("findings.more", { count: left })),
  );
}

function row({ title, detail, marks }, at) {
  const numbered = element("span", { class: "row-number" }, at + 1);
  const texts = [
    element("span", { class: "row-title" }, title),
    element("span", { class: "row-detail" }, detail),
  ];
  const lit = { pointed: false, pressed: false };
  const press = button([numbered, ...texts], () => change({ pressed: !lit.pressed }), {
    class: "row",
    "aria-pressed": "false",
  });
  const change = (what) => {
    Object.assign(lit, what);
    const isLit = lit.pointed || lit.pressed;
    press.setAttribute("aria-pressed", lit.pressed);
    for (const one of [press, ...marks]) one.classList.toggle("lit", isLit);
  };
  for (const one of [press, ...marks]) {
    one.addEventListener("pointerenter", () => change({ pointed: true }));
    one.addEventListener("pointerleave", () => change({ pointed: false }));
  }
  press.addEventListener("focus", () => change({ pointed: true }));
  press.addEventListener("blur", () => change({ pointed: false }));
  for (const mark of marks) {
    mark.addEventListener("pointerenter", () => press.scrollIntoView({ block: "nearest" }));
    mark.addEventListener("click", () => press.click());
  }
  return element("li", {}, press);
}
