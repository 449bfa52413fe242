// What was read of the metrics lately: rates and quantiles are differences of what only grows.

import { SPAN_SECONDS } from "./charts.js";

/** Rates are those of so long a time: over a shorter one a few requests would look like a storm. */
const RATE_SECONDS = 15;
/** Pages, health and this view itself are left out. */
const OURS = new Set(["gateway", "admin"]);

export class History {
  #readings = [];

  add(reading) {
    const at = Date.parse(reading.at) / 1000;
    // It began anew, and counts from nought.
    if (this.last && total(reading) < total(this.last)) this.#readings = [];
    this.#readings.push({ ...reading, seconds: at });
    this.#readings = this.#readings.filter(({ seconds }) => at - seconds <= SPAN_SECONDS);
  }

  get last() {
    return this.#readings.at(-1);
  }

  get times() {
    return this.#readings.map(({ seconds }) => seconds);
  }

  /** What each reading says by itself. */
  values(name) {
    return this.#readings.map((one) => one[name]);
  }

  /** Requests a second whose status passes a test. */
  rates(passes) {
    return this.#since((now, before) => {
      const count = ({ requests }) =>
        total({
          requests: requests.filter((one) => !OURS.has(one.dialect) && passes(one.status)),
        });
      return (count(now) - count(before)) / (now.seconds - before.seconds);
    });
  }

  /** How long a share of the requests took at most, s. */
  quantiles(share) {
    return this.#since((now, before) => {
      const late = countsOf(now);
      const early = countsOf(before);
      const counts = late.map((count, at) => count - (early[at] ?? 0));
      return quantile(counts, now.bounds_seconds, share);
    });
  }

  /** Each reading compared with one a while before; null where there is none. */
  #since(compare) {
    return this.#readings.map((now, at) => {
      const before = this.#readings
        .slice(0, at)
        .find(({ seconds }) => now.seconds - seconds <= RATE_SECONDS * 1.5);
      return before ? compare(now, before) : null;
    });
  }
}

const total = ({ requests }) => requests.reduce((sum, { count }) => sum + count, 0);

function countsOf({ latencies, bounds_seconds: bounds }) {
  const counts = Array(bounds.length + 1).fill(0);
  for (const one of latencies) {
    if (one.of !== "request" || OURS.has(one.name)) continue;
    one.counts.forEach((count, at) => (counts[at] += count));
  }
  return counts;
}

/** Between two bounds by proportion, as Prometheus has it; beyond the last, that one. */
export function quantile(counts, bounds, share) {
  const rank = share * counts.reduce((sum, count) => sum + count, 0);
  if (!rank) return null;
  let below = 0;
  const at = counts.findIndex((count) => (below += count) >= rank);
  if (at === bounds.length) return bounds.at(-1);
  const from = bounds[at - 1] ?? 0;
  return from + (bounds[at] - from) * (1 - (below - rank) / counts[at]);
}
