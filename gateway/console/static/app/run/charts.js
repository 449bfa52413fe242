// Small charts of what was read lately, drawn as SVG.

import { drawn, element } from "../dom.js";
import { number } from "../texts.js";

export const SPAN_SECONDS = 300;
/** As long as less is known, the lines are drawn wider. */
const LEAST_SECONDS = 60;
const [WIDTH, HEIGHT] = [300, 72];

/**
 * A figure with what is so now in words above the lines.
 *
 * `lines` have a `name`, `values` (null: none was known), and a `tone`; `times` are theirs, in
 * seconds; `write` makes words of a value; `top` is where the scale ends, unless a value is higher.
 */
export function chart({ title, note, lines, times, write, top }) {
  const known = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const highest = Math.max(...known);
  const most = highest > top ? roundedUp(highest) : top;
  const last = lines.map(({ values }) => values.at(-1) ?? null);
  const said = lines.map(({ name, tone }, at) => now(name, tone, last[at], write));
  const label = `${title}: ${said.map((one) => one.textContent).join(", ")}`;
  return element(
    "figure",
    { class: "chart" },
    element(
      "figcaption",
      {},
      element("h3", {}, title),
      element("span", { class: "hint" }, `0–${write(most)}`),
      element("div", { class: "now" }, said),
    ),
    drawn(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": label,
      },
      lines.flatMap(({ values, tone }) => traces(values, times, most, tone)),
    ),
    element("p", { class: "hint" }, note),
  );
}

function now(name, tone, value, write) {
  return element(
    "span",
    { class: tone },
    element("strong", {}, value === null ? "–" : write(value)),
    name && ` ${name}`,
  );
}

/** A line, interrupted where nothing was known, and the ground below it. */
function traces(values, times, most, tone) {
  const end = times.at(-1);
  const span = Math.max(end - times[0], LEAST_SECONDS);
  const x = (time) => WIDTH * (1 - (end - time) / span);
  const y = (value) => (HEIGHT - 2) * (1 - value / most) + 1;
  return runs(values).flatMap((run) => {
    const points = run.map((at) => `${x(times[at]).toFixed(1)},${y(values[at]).toFixed(1)}`);
    const line = points.join("L");
    const [from, to] = [run[0], run.at(-1)].map((at) => x(times[at]).toFixed(1));
    return [
      drawn("path", { class: `ground ${tone}`, d: `M${from},${HEIGHT}L${line}L${to},${HEIGHT}Z` }),
      drawn("path", { class: `line ${tone}`, d: `M${line}` }),
    ];
  });
}

/** The places of values that follow each other, none of them unknown. */
function runs(values) {
  const found = [[]];
  values.forEach((value, at) => (value === null ? found.push([]) : found.at(-1).push(at)));
  return found.filter((run) => run.length > 0);
}

/** 1, 2 or 5 times a power of ten, where the scale ends. */
function roundedUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= value * (1 - 1e-9));
}

/** Milliseconds below a second. */
export const duration = (seconds) =>
  seconds < 1 ? `${number(seconds * 1000, seconds < 0.01 ? 1 : 0)} ms` : `${number(seconds, 1)} s`;

export const megabytes = (bytes) => `${number(bytes / 1e6, bytes < 1e7 ? 1 : 0)} MB`;
