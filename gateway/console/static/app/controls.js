// Ways of looking at a result: opacity, before and after, blinking, one view of several.

import { button, element, freshId } from "./dom.js";
import { t } from "./texts.js";

/** How much of a layer is seen. */
export function opacity(layers, percentage = 60) {
  const id = freshId();
  const set = (value) => layers.forEach((one) => (one.style.opacity = value / 100));
  const range = { type: "range", id, min: 0, max: 100, value: percentage };
  set(percentage);
  return element(
    "span",
    { class: "control" },
    element("label", { for: id }, t("control.opacity")),
    element("input", { ...range, oninput: (event) => set(event.target.value) }),
  );
}

/** A line that parts an upper picture from the one below it; at 100 the lower one is whole. */
export function divider({ frame }, upper, percentage = 50) {
  const id = freshId();
  frame.classList.add("divided");
  upper.classList.add("upper");
  const set = (value) => frame.style.setProperty("--at", value / 100);
  set(percentage);
  const range = { type: "range", id, min: 0, max: 100, value: percentage };
  return element(
    "span",
    { class: "control" },
    element("label", { for: id }, t("control.divide")),
    element("input", { ...range, oninput: (event) => set(event.target.value) }),
  );
}

/** A button that stays pressed, and is told so. */
export function toggle(text, change, isPressed = false) {
  const press = button(
    text,
    () => {
      const isNow = press.getAttribute("aria-pressed") !== "true";
      press.setAttribute("aria-pressed", isNow);
      change(isNow);
    },
    { class: "toggle-button", "aria-pressed": String(isPressed) },
  );
  change(isPressed);
  return press;
}

/** Once a second the upper picture gives way to the one below it. */
export const blink = (layer) =>
  toggle(t("control.blink"), (isOn) => layer.classList.toggle("blinking", isOn));

/** Whether the marks are seen. */
export const markSwitch = (stage) =>
  toggle(t("control.marks"), (isOn) => stage.frame.classList.toggle("unmarked", !isOn), true);

/** One of several views; the first is shown. */
export function tabs(views) {
  const shown = element("div", { class: "view" });
  const buttons = Object.entries(views).map(([text, view]) =>
    button(text, (event) => show(event.currentTarget, view), { "aria-pressed": "false" }),
  );
  const show = (pressed, view) => {
    for (const one of buttons) one.setAttribute("aria-pressed", one === pressed);
    shown.replaceChildren(view);
  };
  show(buttons[0], Object.values(views)[0]);
  return [
    element("div", { class: "segmented", role: "group", "aria-label": t("control.view") }, buttons),
    shown,
  ];
}

/** Controls in a row above what they change. */
export const bar = (...controls) => element("div", { class: "bar" }, controls);

/** A button that copies a text, and says that it did. */
export function copyButton(textOf, label = t("control.copy")) {
  const press = button(label, async () => {
    await copy(textOf());
    press.textContent = t("control.copied");
    setTimeout(() => (press.textContent = label), 1500);
  });
  press.classList.add("quiet");
  return press;
}

/** Over plain http from elsewhere, browsers have no clipboard but the old command. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = element("textarea", {}, text);
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
