// One task of the list: how far it is, its result when it is opened, and what ends it.

import { askToConfirm } from "../confirm.js";
import { forget, picturesOf } from "../deferred.js";
import { button, element } from "../dom.js";
import { failure, keptOutcome } from "../outcome.js";
import { moment, named, number, t } from "../texts.js";

/** `service` is of the document, or null where it has none of the task's name. */
export class TaskRow {
  #session;
  #service;
  #task;
  #state = element("span", { class: "task-state" });
  #bar = element("progress", { max: 1, "aria-label": t("try.progress") });
  #times = element("span", { class: "hint" });
  #failure = element("p", { class: "failure", lang: "en" });
  #result = element("div", { class: "stack", hidden: true });
  #press = button(t("tasks.result"), () => this.#toggle(), { "aria-expanded": "false" });

  /** `ondeleted` is told when the service has forgotten the task. */
  constructor({ task, service, session, ondeleted }) {
    this.#session = session;
    this.#service = service;
    this.title = named("services", task.service)?.title ?? service?.title ?? task.service;
    const press = button(t("tasks.delete"), () => this.#delete(ondeleted), {
      class: "quiet",
      "aria-label": t("tasks.deleteOf", { title: this.title }),
    });
    this.element = element(
      "li",
      { class: "task", "data-id": task.id },
      element(
        "div",
        { class: "task-head" },
        element("h2", {}, this.title),
        this.#state,
        this.#times,
        element("span", { class: "actions" }, this.#press, press),
      ),
      this.#bar,
      this.#failure,
      this.#result,
    );
    this.update(task);
  }

  update(task) {
    this.#task = task;
    const { status, progress, error } = task;
    this.#state.textContent = t(`tasks.${status}`);
    this.#state.dataset.status = status;
    this.#times.textContent = times(task);
    this.#bar.hidden = status !== "processing";
    // Of most services it is not known; the bar then only moves.
    if (progress) this.#bar.value = progress;
    this.#failure.textContent = error?.message ?? "";
    this.#press.hidden = status !== "done";
  }

  #toggle() {
    const isOpen = this.#result.hidden;
    this.#result.hidden = !isOpen;
    this.#press.setAttribute("aria-expanded", isOpen);
    if (isOpen && !this.#result.firstChild) this.#fill();
  }

  async #fill() {
    try {
      const answer = await this.#session.ask(`v2/tasks/${this.#task.id}/result`);
      const blob = await answer.blob();
      const shown = await keptOutcome(blob, this.#service, picturesOf(this.#task.id));
      this.#result.replaceChildren(...shown);
    } catch ({ message }) {
      this.#result.replaceChildren(failure(message));
    }
  }

  async #delete(ondeleted) {
    const { id, finished_at: isEnded } = this.#task;
    const sentence = t(isEnded ? "tasks.sure" : "tasks.sureUnfinished", { title: this.title });
    if (!(await askToConfirm(sentence, t("tasks.delete")))) return;
    try {
      await this.#session.ask(`v2/tasks/${id}`, { method: "DELETE" });
      forget(id);
      ondeleted();
    } catch ({ message }) {
      this.#failure.textContent = message;
    }
  }
}

function times({ created_at: created, finished_at: finished }) {
  if (!finished) return moment(created);
  const seconds = (new Date(finished) - new Date(created)) / 1000;
  return t("tasks.took", { created: moment(created), seconds: number(seconds, 1) });
}
