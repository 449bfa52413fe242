// How it goes just now, read again every few seconds.

import { element } from "../dom.js";
import { failure } from "../outcome.js";
import { number, percent, t } from "../texts.js";
import { chart, duration, megabytes } from "./charts.js";

const READ_SECONDS = 3;
/** After a refusal, which may be one of too many requests. */
const REST_SECONDS = 15;

const whole = (value) => number(value, 0);
const rate = (value) => t("run.perSecond", { count: number(value, value < 10 ? 1 : 0) });

export class Live {
  #session;
  #history;
  #timer = 0;
  /** Which beginning it is: what an earlier one asked for may still come. */
  #turn = 0;
  #said = element("div");
  #charts = element("div", { class: "charts" });
  #tables = element("div", { class: "live-tables" });
  element = element("div", { class: "stack" }, this.#said, this.#charts, this.#tables);

  /** `history` outlives this: who comes back finds the charts as they were. */
  constructor(session, history) {
    this.#session = session;
    this.#history = history;
    if (history.last) this.#draw();
  }

  start() {
    this.stop();
    this.#read(this.#turn);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  async #read(turn) {
    let seconds = READ_SECONDS;
    try {
      const answer = await this.#session.ask("v2/admin/metrics");
      this.#history.add(await answer.json());
      this.#said.replaceChildren();
      this.#draw();
    } catch ({ message }) {
      this.#said.replaceChildren(failure(message));
      seconds = REST_SECONDS;
    }
    if (turn === this.#turn) this.#timer = setTimeout(() => this.#read(turn), seconds * 1000);
  }

  #draw() {
    const { last } = this.#history;
    this.#charts.replaceChildren(
      this.#slots(last),
      this.#queue(last),
      this.#requests(),
      this.#latencies(),
      this.#errors(),
      this.#memory(last),
    );
    const tables = [processes(last), engines(last), refusals(last)];
    this.#tables.replaceChildren(...tables.filter(Boolean));
  }

  #chart(title, told) {
    return chart({ title: t(title), times: this.#history.times, ...told });
  }

  #slots({ slots, gateways }) {
    return this.#chart("run.slots", {
      lines: [{ values: this.#history.values("slots_busy"), tone: "first" }],
      write: whole,
      top: slots,
      note: t("run.slotsNote", { slots, gateways }),
    });
  }

  #queue({ queue_limit: most }) {
    return this.#chart("run.queue", {
      lines: [{ values: this.#history.values("queue_length"), tone: "first" }],
      write: whole,
      top: 10,
      note: t("run.queueNote", { most: whole(most) }),
    });
  }

  #requests() {
    return this.#chart("run.requests", {
      lines: [{ values: this.#history.rates(() => true), tone: "first" }],
      write: rate,
      top: 1,
      note: t("run.requestsNote"),
    });
  }

  #latencies() {
    return this.#chart("run.latency", {
      lines: [
        { name: t("run.median"), values: this.#history.quantiles(0.5), tone: "first" },
        { name: t("run.slow"), values: this.#history.quantiles(0.95), tone: "second" },
      ],
      write: duration,
      top: 0.1,
      note: t("run.latencyNote"),
    });
  }

  #errors() {
    return this.#chart("run.errors", {
      lines: [
        { name: "4xx", values: this.#history.rates((one) => one[0] === "4"), tone: "second" },
        { name: "5xx", values: this.#history.rates((one) => one[0] === "5"), tone: "bad" },
      ],
      write: rate,
      top: 1,
      note: t("run.errorsNote"),
    });
  }

  #memory({ held_bytes: held, held_limit: most }) {
    return this.#chart("run.memory", {
      lines: [{ values: this.#history.values("held_bytes"), tone: "first" }],
      write: megabytes,
      top: most / 10,
      note: t("run.memoryNote", { share: percent(held / most), most: megabytes(most) }),
    });
  }
}

const EVENTS = ["jobs", "job_retries", "slot_kills", "slot_crashes", "slot_retirements"];

function processes(metrics) {
  return table("run.processes", [t("run.event"), t("run.count")], [
    ...EVENTS.map((name) => [t(`run.${name}`), whole(metrics[name])]),
  ]);
}

function engines({ latencies }) {
  const counted = (kind) =>
    new Map(latencies.filter((one) => one.of === kind).map((one) => [one.name, mean(one)]));
  const [computed, waited] = [counted("engine"), counted("queue")];
  const rows = [...computed].map(([name, { count, seconds }]) => [
    element("code", {}, name),
    whole(count),
    duration(seconds),
    duration(waited.get(name)?.seconds ?? 0),
  ]);
  const heads = [t("run.engine"), t("run.count"), t("run.mean"), t("run.wait")];
  return rows.length > 0 && table("run.engines", heads, rows);
}

function mean({ counts, seconds }) {
  const count = counts.reduce((sum, one) => sum + one, 0);
  return { count, seconds: count ? seconds / count : 0 };
}

function refusals({ refusals: told }) {
  const rows = [...told]
    .sort((one, other) => other.count - one.count)
    .map(({ reason, count }) => [element("code", {}, reason), whole(count)]);
  return rows.length > 0 && table("run.refusals", [t("run.reason"), t("run.count")], rows);
}

function table(title, heads, rows) {
  const cell = (content, at) => element(at ? "td" : "th", { scope: !at && "row" }, content);
  return element(
    "table",
    {},
    element("caption", {}, t(title)),
    element("thead", {}, element("tr", {}, heads.map((one) => element("th", { scope: "col" }, one)))),
    element("tbody", {}, rows.map((row) => element("tr", {}, row.map(cell)))),
  );
}
