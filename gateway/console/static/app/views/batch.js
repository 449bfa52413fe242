// Many pictures through one service; each service has its own batch.

import { BatchPane } from "../batch/pane.js";
import { element } from "../dom.js";
import { failure } from "../outcome.js";
import { overlayOf } from "../overlays/index.js";
import { holdsFile } from "../picker.js";
import { t } from "../texts.js";

/** What runs goes on while the reader looks at something else. */
export default class BatchView {
  #session;
  #signIn;
  #panes = new Map();
  #shown = null;
  #wanted;
  element = element("div");

  constructor({ session, signIn }) {
    this.#session = session;
    this.#signIn = signIn;
    document.addEventListener("paste", ({ clipboardData }) => this.#take(clipboardData));
    document.addEventListener("drop", (event) => {
      if (!event.defaultPrevented && holdsFile(event)) this.#take(event.dataTransfer);
    });
  }

  async show(service) {
    this.#wanted = service;
    const overlay = await overlayOf(service).catch(() => null);
    // The reader was quicker than the module.
    if (service !== this.#wanted) return;
    if (!overlay) return this.element.replaceChildren(failure(t("failure.gone")));
    if (!this.#panes.has(service)) this.#panes.set(service, this.#make(service, overlay));
    this.#shown = this.#panes.get(service);
    this.#shown.fill();
    this.element.replaceChildren(this.#shown.element);
  }

  #take(data) {
    if (this.element.isConnected) this.#shown?.drop(data);
  }

  /** The files go with the reader to the next service. */
  #make(service, overlay) {
    const [session, signIn] = [this.#session, this.#signIn];
    const pane = new BatchPane({ session, signIn, service, overlay });
    pane.add(this.#shown?.files ?? []);
    return pane;
  }
}
