// Many files through one service: a few at once, and none while the service asks to wait.

import { Failure } from "../api.js";
import { factsOf } from "../facts.js";

/** Of the six connections that a browser has to a host. */
const AT_ONCE = 4;
/** A proxy that is busy says no time. */
const USUAL_WAIT_SECONDS = 5;
const BUSY = [429, 503];
const ENDED = ["done", "failed"];

/**
 * The rows, each a file with what became of it.
 *
 * `send` is given a file and a signal; `onrow` is told a row that has changed, `onchange` that the
 * batch runs, waits or has stopped.
 */
export class Batch {
  rows = [];
  /** What stopped it, other than the reader: nothing would be answered to the next file either. */
  failure = null;
  #send;
  #onrow;
  #onchange;
  #aborting = null;
  #restUntil = 0;

  constructor({ send, onrow, onchange }) {
    this.#send = send;
    this.#onrow = onrow;
    this.#onchange = onchange;
  }

  get isRunning() {
    return this.#aborting !== null;
  }

  /** Until when the service wants nothing, or null. */
  get restUntil() {
    return this.isRunning && this.#restUntil > Date.now() ? new Date(this.#restUntil) : null;
  }

  get ended() {
    return this.rows.filter(({ status }) => ENDED.includes(status));
  }

  count(status) {
    return this.rows.filter((row) => row.status === status).length;
  }

  /** Take everything in that waits; what is asked for when it is stopped waits again. */
  async run() {
    this.#aborting = new AbortController();
    const { signal } = this.#aborting;
    this.failure = null;
    this.#onchange();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(signal)));
    this.#aborting = null;
    this.#onchange();
  }

  stop() {
    this.#aborting?.abort();
  }

  /** Let files that have ended wait again. */
  reset() {
    const anew = { status: "waiting", blob: null, facts: null, message: "", seconds: null };
    for (const row of this.ended) this.#become(row, anew);
  }

  async #work(signal) {
    for (;;) {
      await this.#rest(signal);
      const row = this.rows.find(({ status }) => status === "waiting");
      if (!row || signal.aborted) return;
      this.#become(row, { status: "working" });
      this.#become(row, await this.#outcome(row, signal));
    }
  }

  async #outcome(row, signal) {
    try {
      const { blob, seconds } = await this.#send(row.file, signal);
      const answer = JSON.parse(await blob.text());
      const { message = "" } = answer.details ?? {};
      return { status: "done", blob, seconds, message, facts: factsOf(answer.result) };
    } catch (error) {
      if (error.name === "AbortError") return { status: "waiting" };
      if (!(error instanceof Failure)) throw error;
      if (BUSY.includes(error.status)) return this.#postpone(error);
      // Gone, or signed out.
      if (!error.status || error.status === 401) return this.#give(error);
      return { status: "failed", message: error.message };
    }
  }

  #postpone({ retryAfterSeconds }) {
    this.#restUntil = Date.now() + (retryAfterSeconds ?? USUAL_WAIT_SECONDS) * 1000;
    this.#onchange();
    return { status: "waiting" };
  }

  #give(error) {
    this.failure = error;
    this.stop();
    return { status: "waiting" };
  }

  async #rest(signal) {
    while (!signal.aborted && this.#restUntil > Date.now()) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, this.#restUntil - Date.now());
        signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
      });
    }
  }

  #become(row, changes) {
    Object.assign(row, changes);
    this.#onrow(row);
  }
}
