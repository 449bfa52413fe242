// When what was seen in a video: a lane for each kind, a bar for each instance.

import { button, element } from "../dom.js";
import { clock, percent, t } from "../texts.js";

const MOST_BARS = 1000;
// A shorter bar is drawn longer, to be seen and pressed.
const SHORTEST_SHARE = 1 / 60;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** `go` is told the second at which a pressed bar begins; `mark` moves the marker to one. */
export function timeline({ bars, seconds }, kinds, go) {
  const told = element("p", { class: "hint timeline-told" }, t("timeline.keys"));
  const shown = longest(bars);
  const lanes = kinds.map((kind) => {
    const own = shown.filter((one) => one.kind === kind);
    return lane(kind, own, { seconds, go, tell: (text) => (told.textContent = text) });
  });
  const group = element(
    "div",
    { class: "timeline", role: "group", "aria-label": t("timeline.title") },
    element("div", { class: "lanes" }, lanes, axis(seconds)),
  );
  withArrows(group);
  const left = bars.length - shown.length;
  const more = left > 0 && element("p", { class: "hint" }, t("timeline.more", { count: left }));
  const mark = (at) => group.style.setProperty("--at", Math.min(at / seconds, 1));
  return { element: element("div", { class: "stack" }, group, told, more), mark };
}

function longest(bars) {
  const kept = bars.toSorted((one, other) => other.to - other.from - (one.to - one.from));
  return kept.slice(0, MOST_BARS).sort((one, other) => one.from - other.from);
}

function lane(kind, bars, { seconds, go, tell }) {
  const rows = [];
  const presses = bars.map((one) => {
    // Into the first row that is free again.
    const free = rows.findIndex((end) => end <= one.from);
    const row = free < 0 ? rows.length : free;
    rows[row] = Math.max(one.to, one.from + seconds * SHORTEST_SHARE);
    const press = barOf(one, go, tell);
    press.style.setProperty("--from", one.from / seconds);
    press.style.setProperty("--length", (one.to - one.from) / seconds);
    press.style.setProperty("--row", row);
    return press;
  });
  const track = element("div", { class: "track" }, presses);
  track.style.setProperty("--rows", Math.max(rows.length, 1));
  const name = element("span", { class: "lane-name" }, t(`timeline.lane.${kind}`));
  return element("div", { class: "lane", "data-kind": kind }, name, track);
}

function barOf({ kind, number, score, from, to }, go, tell) {
  const values = { number, score: percent(score), from: clock(from), to: clock(to) };
  const text = t("timeline.bar", { kind: t(`timeline.kind.${kind}`), ...values });
  const told = { onpointerenter: () => tell(text), onfocus: () => tell(text) };
  const attributes = { class: "span", tabindex: -1, "aria-label": text, ...told };
  return button(element("span", {}, number), () => go(from), attributes);
}

/** One bar is a stop of the Tab key; arrows go from bar to bar. */
function withArrows(group) {
  const bars = [...group.querySelectorAll(".span")];
  if (!bars.length) return;
  bars[0].tabIndex = 0;
  group.addEventListener("focusin", ({ target }) => {
    for (const one of bars) one.tabIndex = one === target ? 0 : -1;
  });
  group.addEventListener("keydown", (event) => {
    const next = bars[bars.indexOf(event.target) + STEPS[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

function axis(seconds) {
  const ticks = TICKS.map((share) => element("span", {}, clock(share * seconds)));
  const moments = element("div", { class: "moments" }, ticks);
  return element("div", { class: "axis", "aria-hidden": "true" }, moments);
}
