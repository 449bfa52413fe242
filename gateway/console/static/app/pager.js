// Through the pages of a long list.

import { button, element } from "./dom.js";
import { t } from "./texts.js";

/** Buttons, where there is more than one page; `go` is told where the next one begins. */
export function pager({ offset, limit, shown, total }, [back, on], go) {
  if (total <= limit) return [];
  const [first, last] = [offset + 1, offset + shown];
  return [
    button(back, () => go(Math.max(0, offset - limit)), { disabled: offset === 0 }),
    element("span", { class: "hint" }, t("pager.shown", { first, last, total })),
    button(on, () => go(offset + limit), { disabled: last >= total }),
  ];
}
