// A parameter's field, made from its schema: a range is a slider, a choice a list, a yes or no a
// switch.

import { element, freshId } from "./dom.js";
import { t } from "./texts.js";

const LONG_HELP = 160;

/**
 * Each kind of field tells `onchange` its value as text, as the form sends it.
 *
 * A text that stands for the default is sent like any other.
 */
export function field({ name, schema }, value, onchange) {
  const [id, helpId] = [freshId(), freshId()];
  const shared = { id, name, "aria-describedby": helpId };
  const label = element("label", { for: id, lang: "en" }, words(name));
  const control = make(schema, shared, value, onchange);
  const help = helpOf(schema.description, helpId);
  return element("div", { class: `field ${control.className}` }, label, control, help);
}

/** The description; of a long one the first sentence, and the rest folded. */
function helpOf(description, id) {
  const end = description.length > LONG_HELP ? description.indexOf(". ") + 1 : 0;
  const first = end ? description.slice(0, end) : description;
  const paragraph = (text, attributes) =>
    element("p", { class: "help", lang: "en", ...attributes }, withCode(text));
  if (!end) return paragraph(first, { id });
  const rest = paragraph(description.slice(end + 1));
  const folded = element("details", { class: "help" }, element("summary", {}, t("try.help")), rest);
  return [paragraph(first, { id }), folded];
}

/** What stands between backticks is code. */
const withCode = (text) =>
  text.split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));

/** The default as the form would send it; empty where there is none. */
export const defaultOf = (schema) => (schema.default ?? "").toString();

function make(schema, shared, value, onchange) {
  if (schema.enum) return choice(schema, shared, value, onchange);
  if (schema.type === "boolean") return toggle(shared, value, onchange);
  if (isRange(schema)) return slider(schema, shared, value, onchange);
  const maxlength = schema.maxLength;
  const told = (event) => onchange(event.target.value);
  return element(
    "div",
    { class: "text" },
    element("input", {
      type: "text",
      ...shared,
      value,
      maxlength,
      spellcheck: "false",
      oninput: told,
    }),
  );
}

const isRange = ({ type, minimum, maximum }) =>
  (type === "number" || type === "integer") && minimum !== undefined && maximum !== undefined;

const words = (name) => name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

function choice(schema, shared, value, onchange) {
  const names = schema.default === undefined ? ["", ...schema.enum] : schema.enum;
  const options = names.map((one) =>
    element("option", { value: one, selected: String(one) === value }, String(one)),
  );
  const told = (event) => onchange(event.target.value);
  const select = element("select", { ...shared, onchange: told }, options);
  return element("div", { class: "choice" }, select);
}

function toggle(shared, value, onchange) {
  const told = (event) => onchange(String(event.target.checked));
  const attributes = { type: "checkbox", role: "switch", checked: value === "true" };
  return element(
    "div",
    { class: "toggle" },
    element("input", { ...attributes, ...shared, onchange: told }),
  );
}

function slider(schema, shared, value, onchange) {
  const { minimum: min, maximum: max } = schema;
  const step = stepOf(schema);
  const range = element("input", { type: "range", ...shared, name: null, min, max, step, value });
  const number = element("input", {
    type: "number",
    name: shared.name,
    min,
    max,
    step: schema.type === "integer" ? 1 : "any",
    value,
    "aria-label": words(shared.name),
  });
  range.addEventListener("input", () => {
    number.value = range.value;
    onchange(range.value);
  });
  number.addEventListener("input", () => {
    range.value = number.value;
    onchange(number.value);
  });
  return element("div", { class: "slider" }, range, number);
}

/** A whole number, or a hundredth of the range; finer where the default lies in between. */
function stepOf({ type, minimum, maximum, default: usual = minimum }) {
  if (type === "integer") return 1;
  const step = 10 ** (Math.floor(Math.log10(maximum - minimum)) - 2);
  const isOnStep = Math.abs(usual / step - Math.round(usual / step)) < 1e-9;
  return isOnStep ? step : step / 10;
}
