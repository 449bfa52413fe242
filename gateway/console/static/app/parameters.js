// All parameters of a service: their values, and their fields, of which the first are open.

import { element } from "./dom.js";
import { defaultOf, field } from "./fields.js";
import { t } from "./texts.js";

const FIRST_FIELDS = 6;

/** By name, as the form sends them; what shows a result may want others than the API's defaults. */
export function initialValues(service, overlay) {
  const defaults = service.parameters.map(({ name, schema }) => [name, defaultOf(schema)]);
  return { ...Object.fromEntries(defaults), ...overlay.initial };
}

/** Names and values that differ from the API's defaults. */
export const changedValues = (service, values) =>
  service.parameters
    .filter(({ name, schema }) => values[name] !== defaultOf(schema))
    .map(({ name }) => [name, values[name]]);

/** Fields that write into `values`. */
export function parameterFields(service, values) {
  const made = service.parameters.map((one) =>
    field(one, values[one.name], (value) => (values[one.name] = value)),
  );
  if (made.length <= FIRST_FIELDS + 1) return [element("div", { class: "fields" }, made)];
  const more = element("summary", {}, t("try.more", { count: made.length - FIRST_FIELDS }));
  return [
    element("div", { class: "fields" }, made.slice(0, FIRST_FIELDS)),
    element(
      "details",
      { class: "more" },
      more,
      element("div", { class: "fields" }, made.slice(FIRST_FIELDS)),
    ),
  ];
}
