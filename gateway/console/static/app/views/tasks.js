// The caller's tasks: how far each is while one looks, what came of it, and who is told.

import { Failure } from "../api.js";
import { button, element } from "../dom.js";
import { eventsOf } from "../events.js";
import { failure } from "../outcome.js";
import { TaskRow } from "../task_row.js";
import { t } from "../texts.js";
import { webhooks } from "../webhooks.js";

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
    for (const stream of this.#streams.values()) stream.abort();
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
    try {
      const answer = await this.#session.ask(`v2/tasks?offset=${this.#offset}&limit=${PAGE}`);
      this.#fill(await answer.json());
      this.#follow();
    } catch (error) {
      this.#say(error);
    }
    this.#readLater();
  }

  #readLater() {
    clearTimeout(this.#timer);
    if (this.#isShown && !document.hidden) {
      this.#timer = setTimeout(() => this.#read(), READ_SECONDS * 1000);
    }
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
    const rows = tasks.map((task) => this.#rowOf(task));
    const kept = new Set(tasks.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!kept.has(id)) this.#rows.delete(id);
    // Rows that stay are not moved, for that would close what is open in them.
    const elements = rows.map((row) => row.element);
    if (elements.some((one, at) => one !== this.#list.children[at])) {
      this.#list.replaceChildren(...elements);
    }
    while (this.#list.children.length > elements.length) this.#list.lastChild.remove();
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
    const ondeleted = () => this.#read();
    const row = new TaskRow({ task, service, session: this.#session, ondeleted });
    this.#rows.set(task.id, row);
    return row;
  }

  #page(total) {
    const go = (step) => () => {
      this.#offset += step;
      this.#read();
    };
    const [first, last] = [this.#offset + 1, this.#offset + this.#tasks.length];
    const newer = { disabled: this.#offset === 0 };
    const older = { disabled: last >= total };
    this.#paging.replaceChildren(
      ...(total > PAGE
        ? [
            button(t("tasks.newer"), go(-PAGE), newer),
            element("span", { class: "hint" }, t("tasks.page", { first, last, total })),
            button(t("tasks.older"), go(PAGE), older),
          ]
        : []),
    );
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
    this.#streams.delete(id);
    if (!task.finished_at) return;
    this.#tell(task);
    this.#read();
  }

  #tell({ id, status }) {
    const title = this.#rows.get(id)?.title;
    if (title) this.#status.textContent = `${title}: ${t(`tasks.${status}`)}`;
  }
}
