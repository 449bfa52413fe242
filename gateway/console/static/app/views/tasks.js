// The caller's tasks: how far each is while one looks, what came of it, and who is told.

import { Failure } from "../api.js";
import { button, element } from "../dom.js";
import { eventsOf } from "../tasks/events.js";
import { failure } from "../outcome.js";
import { pager } from "../pager.js";
import { TaskRow } from "../tasks/row.js";
import { t } from "../texts.js";
import { webhooks } from "../tasks/webhooks.js";

const PAGE = 20;
/** Of the six connections that a browser has to a host. */
const MOST_STREAMS = 3;
/** What other programs queue is seen so late at most. */
const READ_SECONDS = 5;

export default class TasksView {
  #session;
  #signIn;
  #services;
  #isShown = false;
  #offset = 0;
  #rows = new Map();
  #tasks = [];
  #streams = new Map();
  #timer = 0;
  #reading = new AbortController();
  #list = element("ul", { class: "tasks" });
  #paging = element("div", { class: "bar" });
  #said = element("div");
  #webhooks = element("section", { class: "webhooks" });
  #status = element("p", { class: "visually-hidden", role: "status" });
  element = element("div", { class: "page" });

  constructor({ session, signIn, services }) {
    this.#session = session;
    this.#signIn = signIn;
    this.#services = services;
    session.addEventListener("change", () => this.#isShown && this.#begin());
    document.addEventListener("visibilitychange", () => {
      if (!this.#isShown) return;
      if (document.hidden) this.#rest();
      else this.#read();
    });
  }

  show() {
    this.#isShown = true;
    document.title = `${t("page.tasks")} · Pixelgate`;
    this.element.replaceChildren(
      element("h1", {}, t("page.tasks")),
      element("p", { class: "hint" }, t("tasks.summary")),
      this.#said,
      this.#list,
      this.#paging,
      this.#webhooks,
      this.#status,
    );
    this.#begin();
  }

  hide() {
    this.#isShown = false;
    this.#rest();
  }

  /** Stop whatever asks; a tab that nobody sees needs no news. */
  #rest() {
    clearTimeout(this.#timer);
    this.#reading.abort();
    for (const stream of this.#streams.values()) stream.abort();
    this.#streams.clear();
  }

  #begin() {
    this.#rest();
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#read();
    this.#webhooks.replaceChildren(...webhooks(this.#session));
  }

  async #read() {
    clearTimeout(this.#timer);
    // What was asked for before may be another caller's.
    this.#reading.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    try {
      const path = `v2/tasks?offset=${this.#offset}&limit=${PAGE}`;
      const found = await (await this.#session.ask(path, { signal })).json();
      this.#fill(found);
      this.#follow();
    } catch (error) {
      if (signal.aborted) return;
      this.#say(error);
    }
    this.#timer = setTimeout(() => this.#read(), READ_SECONDS * 1000);
  }

  #say(error) {
    if (!(error instanceof Failure)) throw error;
    if (error.status !== 401) return this.#said.replaceChildren(failure(error.message));
    this.#fill({ total: 0, tasks: [] });
    const press = button(t("signin.submit"), () => this.#signIn(), { class: "primary" });
    this.#said.replaceChildren(element("p", { class: "empty" }, t("tasks.whose"), press));
  }

  #fill({ total, tasks }) {
    this.#tasks = tasks;
    const kept = new Set(tasks.map(({ id }) => id));
    for (const [id, { element: gone }] of this.#rows) {
      if (kept.has(id)) continue;
      gone.remove();
      this.#rows.delete(id);
    }
    // Rows that stay are not moved, for one of them may have the focus.
    tasks.forEach((task, at) => {
      const [row, there] = [this.#rowOf(task).element, this.#list.children[at] ?? null];
      if (row !== there) this.#list.insertBefore(row, there);
    });
    this.#said.replaceChildren(
      ...(total ? [] : [element("p", { class: "empty" }, t("tasks.none"))]),
    );
    this.#page(total);
  }

  #rowOf(task) {
    const known = this.#rows.get(task.id);
    known?.update(task);
    if (known) return known;
    const service = this.#services.find(({ name }) => name === task.service);
    const ondeleted = () => this.#forget(task.id);
    const row = new TaskRow({ task, service, session: this.#session, ondeleted });
    this.#rows.set(task.id, row);
    return row;
  }

  /** The row below takes the focus, or else the last one. */
  async #forget(id) {
    const gone = this.#rows.get(id)?.element;
    const next = gone?.nextElementSibling ?? gone?.previousElementSibling;
    if (this.#tasks.length === 1) this.#offset = Math.max(0, this.#offset - PAGE);
    await this.#read();
    (next?.querySelector("button:not([hidden])") ?? document.getElementById("main")).focus();
  }

  #page(total) {
    const page = { offset: this.#offset, limit: PAGE, shown: this.#tasks.length, total };
    const go = (offset) => {
      this.#offset = offset;
      this.#read();
    };
    this.#paging.replaceChildren(...pager(page, [t("tasks.newer"), t("tasks.older")], go));
  }

  // News

  /** Those that are computed first, then those that wait longest. */
  #follow() {
    const rank = ({ status }) => (status === "processing" ? 0 : 1);
    const open = this.#tasks
      .filter(({ id, finished_at: end }) => !end && !this.#streams.has(id))
      .reverse()
      .sort((one, other) => rank(one) - rank(other));
    for (const { id } of open.slice(0, MOST_STREAMS - this.#streams.size)) this.#watch(id);
  }

  async #watch(id) {
    const aborting = new AbortController();
    this.#streams.set(id, aborting);
    let task = {};
    try {
      const { signal } = aborting;
      const answer = await this.#session.ask(`v2/tasks/${id}/events`, { signal });
      for await (task of eventsOf(answer)) this.#rows.get(id)?.update(task);
    } catch {
      // The list, which is read again soon, tells what is wrong.
    }
    if (this.#streams.get(id) === aborting) this.#streams.delete(id);
    if (!task.finished_at || aborting.signal.aborted) return;
    this.#tell(task);
    this.#read();
  }

  #tell({ id, status }) {
    const title = this.#rows.get(id)?.title;
    if (title) this.#status.textContent = `${title}: ${t(`tasks.${status}`)}`;
  }
}
