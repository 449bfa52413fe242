// What every file of a batch is sent with: the service's parameters, and its other pictures.

import { formOf } from "../api.js";
import { element, freshId } from "../dom.js";
import { changedValues, initialValues, parameterFields } from "../parameters.js";
import { isCloud, picker } from "../picker.js";
import { fromFile } from "../pictures.js";
import { named, t } from "../texts.js";

export class BatchRequest {
  #service;
  #values;
  #pictures = {};
  /** The input that each file is. */
  #varying;
  element = element("fieldset", { class: "bare" });

  constructor(service, overlay) {
    this.#service = service;
    this.#values = initialValues(service, overlay);
    this.#varying = varyingOf(service);
  }

  fill() {
    const others = this.#service.files.filter(({ name }) => name !== this.#varying);
    this.element.replaceChildren(
      ...(others.length ? [this.#varyingField()] : []),
      ...others.map((one) => this.#picker(one)),
      ...parameterFields(this.#service, this.#values),
    );
  }

  #varyingField() {
    const id = freshId();
    const options = this.#service.files.map(({ name }) =>
      element("option", { value: name, selected: name === this.#varying }, inputName(name)),
    );
    const onchange = ({ target }) => {
      this.#varying = target.value;
      this.fill();
      this.element.querySelector("select").focus();
    };
    return element(
      "div",
      { class: "field" },
      element("label", { for: id }, t("batch.varying")),
      element("select", { id, onchange }, options),
    );
  }

  #picker(input) {
    const made = picker({
      ...input,
      label: inputName(input.name),
      takesAddress: true,
      picture: this.#pictures[input.name],
      onchange: (picture) => {
        // What is dropped does not ask the fieldset.
        if (this.element.disabled) return;
        this.#pictures[input.name] = picture;
        const again = this.#picker(input);
        made.replaceWith(again);
        again.querySelector("button").focus();
      },
    });
    return made;
  }

  get isComplete() {
    return this.#service.files.every(
      ({ name, isRequired }) => !isRequired || name === this.#varying || this.#pictures[name],
    );
  }

  /** Whether a file of a folder is meant. */
  isWanted(file) {
    const { schema } = this.#service.files.find(({ name }) => name === this.#varying);
    return isCloud(schema) ? /\.ply$/i.test(file.name) : file.type.startsWith("image/");
  }

  formOf(file) {
    const chosen = Object.entries(this.#pictures).filter(([, picture]) => picture);
    const pictures = { ...Object.fromEntries(chosen), [this.#varying]: { file } };
    return formOf({ pictures, values: changedValues(this.#service, this.#values) });
  }

  /** What a file's result lies on. */
  async picturesOf(file) {
    return { ...this.#pictures, [this.#varying]: await fromFile(file) };
  }
}

const inputName = (name) => named("inputs", name) ?? name;

/** Mostly the picture that is looked into, not what it is compared with or searched for. */
function varyingOf({ files }) {
  const required = files.filter(({ isRequired }) => isRequired);
  return (required.find(({ name }) => name === "image") ?? required.at(-1)).name;
}
