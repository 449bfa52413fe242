// Exposure, sharpness and noise as bars, brightness as a histogram, and where exposure fails.

import { bar, toggle } from "../controls.js";
import { drawn, element } from "../dom.js";
import { fromAnswer, tinted } from "../pictures.js";
import { number, percent, t } from "../texts.js";
import { scale, stageOf } from "./parts.js";

const BLUE = [60, 130, 255];
const RED = [255, 60, 50];
const MUCH_NOISE = 20;

export async function show({ answer, pictures }) {
  const { brightness, sharpness } = answer.result;
  const { noise } = answer.details.info;
  const stage = stageOf(pictures.image);
  const masks = [
    await mask(stage, brightness.under_mask, BLUE, t("quality.under")),
    await mask(stage, brightness.over_mask, RED, t("quality.over")),
  ];
  const exposed = (name, share) => scale(name, percent(share), share);
  const scales = element(
    "div",
    { class: "scales" },
    exposed(t("quality.under"), brightness.under_per / 100),
    exposed(t("quality.over"), brightness.over_per / 100),
    scale(t("quality.brightness"), number(brightness.l_mean, 0), brightness.l_mean / 255),
    scale(t("quality.sharpness"), number(sharpness.val, 0), sharpness.val_norm),
    scale(t("quality.noise"), number(noise, 1), noise / MUCH_NOISE),
    histogram(brightness.l_hist),
  );
  const seen = pictures.image.isShown ? [bar(...masks)] : [];
  const left = element("div", { class: "stack" }, ...seen, stage.element);
  return element("div", { class: "with-list" }, left, scales);
}

async function mask(stage, picture, colour, text) {
  const layer = stage.layer(await tinted(await fromAnswer(picture, ""), colour));
  return toggle(text, (isOn) => (layer.hidden = !isOn), true);
}

/** Base64 of a byte a bin, the fullest bin 255. */
function histogram(told) {
  const bins = Array.from(atob(told), (one) => one.charCodeAt(0));
  const bars = bins.map((height, x) => drawn("rect", { x, y: 255 - height, width: 1.05, height }));
  const attributes = { viewBox: `0 0 ${bins.length} 255`, preserveAspectRatio: "none" };
  const picture = drawn(
    "svg",
    { class: "histogram", role: "img", "aria-label": t("quality.histogram"), ...attributes },
    bars,
  );
  return element(
    "figure",
    { class: "stage" },
    picture,
    element("figcaption", {}, t("quality.histogram")),
  );
}
