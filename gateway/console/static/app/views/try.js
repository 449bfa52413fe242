// Try a service: its form on one side, what it found on the other.

import { Failure, isOpen } from "../api.js";
import { remember } from "../deferred.js";
import { button, element } from "../dom.js";
import { overlayOf } from "../overlays/index.js";
import { failure, outcome, progress } from "../outcome.js";
import { changedValues, initialValues, parameterFields } from "../parameters.js";
import { holdsFile, isCloud, picker } from "../picker.js";
import { fromFile } from "../pictures.js";
import { requestAsCode } from "../raw.js";
import { samplesOf } from "../samples.js";
import { requestTo, submit } from "../submit.js";
import { named, t } from "../texts.js";

/** Keeps what was chosen when the reader goes from one service to another, or changes language. */
export default class TryView {
  #session;
  #signIn;
  #wanted;
  #service;
  #overlay;
  /** By kind and place, so that a picture goes with the reader to the next service. */
  #pictures = {};
  #values = {};
  #done = null;
  #aborting = null;
  #isBusy = false;
  #form = element("form", { class: "ask", novalidate: true });
  #result = element("section", { class: "result" });
  /** Stays in the page, so that screen readers hear what changes in it. */
  #status = element("p", { class: "visually-hidden", role: "status" });
  element = element("div", { class: "try" }, this.#form, this.#result, this.#status);

  constructor({ session, signIn }) {
    this.#session = session;
    this.#signIn = signIn;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    document.addEventListener("paste", (event) => this.#takeLoose(event.clipboardData));
    document.addEventListener("drop", (event) => {
      if (!event.defaultPrevented && holdsFile(event)) this.#takeLoose(event.dataTransfer);
    });
  }

  async show(service) {
    this.#wanted = service;
    const overlay = await overlayOf(service).catch(() => null);
    // The reader was quicker than the module.
    if (service !== this.#wanted) return;
    if (!overlay) return this.#say(t("failure.gone"));
    if (service !== this.#service) this.#begin(service, overlay);
    this.#fillForm();
    await this.#fillResult();
  }

  #begin(service, overlay) {
    this.#aborting?.abort();
    this.#aborting = null;
    this.#done = null;
    this.#service = service;
    this.#overlay = overlay;
    this.#values[service.name] ??= initialValues(service, overlay);
  }

  // The form

  #fillForm() {
    const own = named("services", this.#service.name);
    const { title, summary } = own ?? this.#service;
    document.title = `${title} · Pixelgate`;
    this.#form.replaceChildren(
      element("h1", { lang: !own && "en" }, title),
      element("p", { class: "summary", lang: !own && "en" }, summary),
      this.#pictureFields(),
      ...parameterFields(this.#service, this.#values[this.#service.name]),
      element(
        "div",
        { class: "actions" },
        this.#runButton(),
        this.#service.isNative &&
          button(t("try.later"), () => this.#run({ isLater: true }), { id: "later" }),
        this.#sampleButton(),
      ),
    );
  }

  #runButton() {
    return element("button", { class: "primary", id: "run" }, t("try.run"));
  }

  #sampleButton() {
    return button(t("try.sample"), () => this.#takeSample().catch((one) => this.#fail(one)), {
      id: "sample",
    });
  }

  async #takeSample() {
    const service = this.#service;
    const files = await samplesOf(service);
    if (service !== this.#service) return;
    for (const [name, file] of Object.entries(files)) {
      this.#pictures[this.#placeOf(name)] = await fromFile(file);
    }
    this.#refillPictures();
    this.#form.querySelector("#run").focus();
  }

  #pictureFields() {
    return element(
      "div",
      { class: "pickers" },
      this.#service.files.map((one) => this.#picker(one)),
    );
  }

  #refillPictures() {
    this.#form.querySelector(".pickers").replaceWith(this.#pictureFields());
  }

  #picker({ name, schema, isRequired }) {
    const place = this.#placeOf(name);
    return picker({
      label: named("inputs", name) ?? name,
      schema,
      takesAddress: this.#service.isNative,
      picture: this.#pictures[place],
      isRequired,
      onchange: (picture) => {
        this.#pictures[place] = picture;
        this.#refillPictures();
        const again = this.#form.querySelectorAll(".picker")[this.#indexOf(name)];
        again.querySelector("button").focus();
      },
    });
  }

  #indexOf(name) {
    return this.#service.files.findIndex((one) => one.name === name);
  }

  #placeOf(name) {
    const at = this.#indexOf(name);
    return `${isCloud(this.#service.files[at].schema) ? "cloud" : "picture"} ${at}`;
  }

  /** What is pasted, or dropped anywhere, goes to the first input that has nothing. */
  async #takeLoose({ files: [file] }) {
    if (!file || !this.element.isConnected) return;
    const empty = this.#service.files.find((one) => !this.#pictures[this.#placeOf(one.name)]);
    const { name } = empty ?? this.#service.files[0];
    this.#pictures[this.#placeOf(name)] = await fromFile(file);
    this.#refillPictures();
  }

  // The request

  #chosen() {
    const all = this.#service.files.map(({ name }) => [name, this.#pictures[this.#placeOf(name)]]);
    return Object.fromEntries(all.filter(([, picture]) => picture));
  }

  #request() {
    const service = this.#service;
    const values = changedValues(service, this.#values[service.name]);
    return requestTo(service, this.#chosen(), values);
  }

  async #run(how = {}) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      if (this.#isComplete() && (await this.#isWelcome())) await this.#compute(how);
    } finally {
      this.#isBusy = false;
    }
  }

  #isComplete() {
    const missing = this.#service.files.findIndex(
      (one) => one.isRequired && !this.#pictures[this.#placeOf(one.name)],
    );
    if (missing < 0) return true;
    this.#say(t("try.missing"));
    this.#form.querySelectorAll(".picker")[missing].querySelector("button").focus();
    return false;
  }

  async #isWelcome() {
    return this.#session.isSignedIn || (await isOpen(this.#service)) || this.#signIn();
  }

  /** `isLater` queues it as a task. */
  async #compute({ isLater = false }) {
    const request = this.#request();
    const begun = performance.now();
    this.#aborting = new AbortController();
    const { signal } = this.#aborting;
    const shown = progress(() => this.#aborting.abort());
    this.#result.replaceChildren(shown.element);
    this.#status.textContent = t("try.working");
    this.#bringIntoView();
    try {
      const preference = isLater && { prefer: "respond-async" };
      const { onProgress, onTask } = shown;
      const options = { signal, onProgress, onTask, headers: preference };
      const { blob, seconds, ...kept } = await submit(request, this.#session, options);
      const total = (performance.now() - begun) / 1000;
      const text = await blob.text();
      if (isLater) remember(JSON.parse(text).id, request.pictures);
      if (request.service !== this.#service) return;
      this.#aborting = null;
      if (isLater) return this.#leaveForTasks();
      this.#done = { request, text, seconds, total, ...kept };
      await this.#fillResult();
      this.#status.textContent = t("try.done");
    } catch (error) {
      // The reader has gone on to another service.
      if (request.service !== this.#service) return;
      this.#aborting = null;
      await this.#fail(error, isLater);
    }
  }

  async #leaveForTasks() {
    await this.#fillResult();
    location.hash = "tasks";
  }

  async #fail(error, isLater = false) {
    if (error.name === "AbortError") return this.#fillResult();
    if (!(error instanceof Failure)) throw error;
    if (error.status !== 401) return this.#say(error.message);
    const reason = this.#session.isSignedIn ? error.message : t("failure.ended");
    this.#session.end();
    this.#say(reason);
    if (await this.#signIn(reason)) await this.#compute({ isLater });
  }

  // The result

  #say(sentence) {
    this.#status.textContent = "";
    this.#result.replaceChildren(failure(sentence), this.#code());
  }

  #code() {
    return requestAsCode(() => ({ ...this.#request(), isByKey: this.#session.isByKey }));
  }

  /** On a narrow screen the result is below the form. */
  #bringIntoView() {
    if (this.#result.getBoundingClientRect().top > innerHeight * 0.6) this.#result.scrollIntoView();
  }

  async #fillResult() {
    if (this.#aborting) return;
    const done = this.#done;
    if (!done) {
      this.#result.replaceChildren(element("p", { class: "empty" }, t("try.empty")), this.#code());
      return;
    }
    const sendAgain = (accept) => submit(done.request, this.#session, { accept });
    const shown = await outcome(done, this.#overlay, sendAgain);
    if (done === this.#done) this.#result.replaceChildren(...shown, this.#code());
  }
}
