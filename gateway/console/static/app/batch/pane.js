// A batch of one service: what is asked, its files, how far it is, and what is kept of it.

import { isOpen, send } from "../api.js";
import { Batch } from "./batch.js";
import { BatchRequest } from "./request.js";
import { BatchTable } from "./table.js";
import { button, element } from "../dom.js";
import { csvOf, jsonOf, zipOf } from "./exports.js";
import { chosenFiles, droppedFiles, MOST_FILES } from "./folders.js";
import { failure, keptOutcome } from "../outcome.js";
import { currentLanguage, moment, named, t } from "../texts.js";

const EXPORTS = { csv: csvOf, json: jsonOf, zip: zipOf };
const DOWNLOAD_SECONDS = 60;

export class BatchPane {
  #session;
  #signIn;
  #service;
  #request;
  #batch = new Batch({
    send: (file, signal) => this.#send(file, signal),
    onrow: (row) => {
      this.#table.update(row);
      this.#fillState();
    },
    onchange: () => this.#fillState(),
  });
  #table = new BatchTable((row) => this.#answer(row));
  #run = element("button", { class: "primary", id: "run" });
  #stop = button("", () => this.#batch.stop(), { id: "stop" });
  #again = button("", () => this.#batch.reset(), { id: "again" });
  #actions = element("div", { class: "actions" }, this.#run, this.#stop, this.#again);
  #said = failure("");
  #progress = element("progress");
  #told = element("span");
  #rest = element("span", { class: "hint" });
  #exports = element("span", { class: "exports", role: "group" });
  #status = element("p", { class: "visually-hidden", role: "status" });
  #result = element("section", { class: "result" });
  #language = "";
  element = element("div", { class: "try" });

  constructor({ session, signIn, service, overlay }) {
    this.#session = session;
    this.#signIn = signIn;
    this.#service = service;
    this.#request = new BatchRequest(service, overlay);
  }

  get files() {
    return this.#batch.rows.map(({ file, name }) => ({ file, name }));
  }

  /** Draw it, anew where the reader has chosen another language. */
  fill() {
    const own = named("services", this.#service.name);
    const { title, summary } = own ?? this.#service;
    document.title = `${t("page.batch")}: ${title} · Pixelgate`;
    if (this.#language === currentLanguage()) return;
    this.#language = currentLanguage();
    const lang = !own && "en";
    const form = element(
      "form",
      { class: "ask", novalidate: true, onsubmit: (event) => this.#submit(event) },
      element("h1", { lang }, title),
      element("p", { class: "summary", lang }, summary),
      this.#request.element,
      this.#actions,
    );
    this.#request.fill();
    this.#fillControls();
    this.#table.clear();
    this.#table.append(this.#batch.rows);
    this.#fillResult();
    this.element.replaceChildren(form, this.#result, this.#status);
  }

  async drop(data) {
    this.add(await droppedFiles(data, (file) => this.#request.isWanted(file)));
  }

  /** Take files into the batch, as many as there is room for. */
  add(files) {
    const rows = files
      .slice(0, MOST_FILES - this.#batch.rows.length)
      .map(({ file, name }) => ({ file, name, status: "waiting" }));
    this.#batch.rows.push(...rows);
    this.#table.append(rows);
    this.#fillResult();
    this.#say(rows.length < files.length ? t("batch.most", { most: MOST_FILES }) : "");
  }

  #clear() {
    this.#batch.stop();
    this.#batch.rows.length = 0;
    this.#table.clear();
    this.#say("");
    this.#fillResult();
    this.#result.querySelector("button").focus();
  }

  // Computing

  async #submit(event) {
    event.preventDefault();
    if (this.#batch.isRunning) return;
    if (!this.#request.isComplete) return this.#say(t("try.missing"));
    if (this.#session.isSignedIn || (await isOpen(this.#service)) || (await this.#signIn()))
      await this.#compute();
  }

  async #compute() {
    this.#say("");
    this.#status.textContent = t("try.working");
    await this.#batch.run();
    const error = this.#batch.failure;
    if (!error) return;
    if (error.status !== 401) return this.#say(error.message);
    const reason = this.#session.isSignedIn ? error.message : t("failure.ended");
    this.#session.end();
    if (await this.#signIn(reason)) await this.#compute();
  }

  async #send(file, signal) {
    const headers = await this.#session.headers();
    return send(this.#service.path, { body: this.#request.formOf(file), headers, signal });
  }

  async #answer({ file, blob }) {
    return keptOutcome(blob, this.#service, await this.#request.picturesOf(file));
  }

  // What is shown

  #fillControls() {
    this.#progress.setAttribute("aria-label", t("try.progress"));
    this.#stop.textContent = t("batch.stop");
    this.#again.textContent = t("batch.again");
    this.#exports.setAttribute("aria-label", t("batch.export"));
    this.#exports.replaceChildren(
      ...Object.keys(EXPORTS).map((kind) => button(kind.toUpperCase(), () => this.#export(kind))),
    );
  }

  #fillResult() {
    const isEmpty = !this.#batch.rows.length;
    const bar = element("div", { class: "bar" }, this.#told, this.#rest, this.#exports);
    this.#result.replaceChildren(
      this.#well(isEmpty),
      this.#said,
      ...(isEmpty ? [] : [this.#progress, bar, ...this.#table.elements()]),
    );
    this.#fillState();
  }

  #well(isEmpty) {
    const onchange = ({ target }) => {
      this.add(chosenFiles(target, (file) => this.#request.isWanted(file)));
      // The same may be chosen again.
      target.value = "";
    };
    const chooser = { type: "file", multiple: true, hidden: true, onchange };
    const files = element("input", { ...chooser, id: "files" });
    const folder = element("input", { ...chooser, id: "folder", webkitdirectory: true });
    return element(
      "div",
      { class: isEmpty ? "well large" : "well" },
      button(t("batch.files"), () => files.click()),
      files,
      button(t("batch.folder"), () => folder.click()),
      folder,
      element("span", { class: "hint" }, t("batch.drop")),
      !isEmpty && button(t("batch.clear"), () => this.#clear(), { class: "quiet", id: "clear" }),
    );
  }

  #fillState() {
    const [total, ended] = [this.#batch.rows.length, this.#batch.ended.length];
    const told = t("batch.told", { ended, total, failed: this.#batch.count("failed") });
    const rest = this.#batch.restUntil;
    this.#progress.max = total;
    this.#progress.value = ended;
    this.#told.textContent = told;
    this.#rest.textContent = rest ? t("batch.rest", { until: moment(rest) }) : "";
    this.#exports.hidden = this.#batch.isRunning || !ended;
    if (total && ended === total) this.#status.textContent = told;
    this.#fillActions();
  }

  #fillActions() {
    const { isRunning } = this.#batch;
    const [waiting, ended] = [this.#batch.count("waiting"), this.#batch.ended.length];
    const hadFocus = this.#actions.contains(document.activeElement);
    this.#run.textContent = t(ended && waiting ? "batch.goOn" : "try.run");
    this.#run.disabled = !waiting;
    this.#run.hidden = isRunning;
    this.#stop.hidden = !isRunning;
    this.#again.hidden = isRunning || !ended;
    if (hadFocus) this.#actions.querySelector("button:not([hidden], :disabled)")?.focus();
    // All results are of the same parameters.
    this.#request.element.disabled = isRunning || ended > 0;
  }

  #say(sentence) {
    this.#said.textContent = sentence;
  }

  async #export(kind) {
    const blob = await EXPORTS[kind](this.#batch.ended);
    if (!blob) return this.#say(t("batch.tooLarge"));
    const url = URL.createObjectURL(blob);
    element("a", { href: url, download: `${this.#service.name}.${kind}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_SECONDS * 1000);
  }
}
