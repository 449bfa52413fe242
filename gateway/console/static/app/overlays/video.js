// An anonymised video over the timeline of what was seen in it, and the original beside it.

import { bar, toggle } from "../controls.js";
import { button, element } from "../dom.js";
import { failure } from "../outcome.js";
import { lend } from "../pictures.js";
import { t } from "../texts.js";
import { timeline } from "./timeline.js";

const MOST_APART_SECONDS = 0.1;
// A time that a file rounds down would show the frame before.
const INTO_FRAME_SECONDS = 0.001;

/** Where there is no anonymised video to play, it is the original. */
export function show({ answer, pictures, video }) {
  const { file } = video;
  const original = pictures.fileobject.url;
  const main = file ? film(lend(file), t("video.after")) : film(original, t("video.before"));
  const go = (seconds) => (main.player.currentTime = seconds + INTO_FRAME_SECONDS);
  const line = timeline(video, lookedFor(answer), go);
  follow(main.player, () => line.mark(main.player.currentTime));
  const films = element("div", { class: "pair" }, main.element);
  const controls = bar(file && download(file, main.player.src));
  if (file) whenPlayable(original, (before) => controls.prepend(beside(films, before, main)));
  const parts = [video.save && later(video), films, controls, line.element];
  return element("div", { class: "stack" }, parts);
}

const lookedFor = (answer) =>
  ["face", "license-plate", "person", "vehicle"].filter((kind) => answer[kind.replace("-", "_")]);

/** A video and its caption; a sentence in its place if this browser has no decoder for it. */
function film(src, caption) {
  const attributes = { src, controls: true, playsinline: true, preload: "metadata" };
  const player = element("video", { ...attributes, "aria-label": caption });
  player.onerror = () => player.replaceWith(failure(t("video.unplayable")));
  const words = element("figcaption", {}, caption);
  return { player, element: element("figure", { class: "film" }, player, words) };
}

const download = (file, href) => element("a", { href, download: file.name }, t("video.save"));

/** The sentence and the button of a video that is too large to be played here. */
function later({ save }) {
  const said = element("p", {}, t("video.large"));
  const press = button(t("video.save"), () =>
    save().catch((error) => {
      if (error.name !== "AbortError") said.textContent = error.message;
    }),
  );
  return element("div", { class: "bar" }, said, press);
}

/** Told each position, in each frame while it plays. */
function follow(player, told) {
  const frame = () => {
    told();
    if (!player.paused) requestAnimationFrame(frame);
  };
  player.addEventListener("play", frame);
  for (const event of ["seeking", "timeupdate"]) player.addEventListener(event, told);
}

function whenPlayable(src, then) {
  const { player, element: figure } = film(src, t("video.before"));
  player.addEventListener("loadedmetadata", () => player.videoWidth && then({ player, figure }), {
    once: true,
  });
}

/** A button that shows the original, which goes where the anonymised video goes, silently. */
function beside(films, { player, figure }, main) {
  Object.assign(player, { controls: false, muted: true });
  const keepUp = () => {
    if (!player.isConnected) return;
    const { currentTime, playbackRate, paused } = main.player;
    if (Math.abs(player.currentTime - currentTime) > (paused ? 0 : MOST_APART_SECONDS)) {
      player.currentTime = currentTime;
    }
    player.playbackRate = playbackRate;
    if (paused) player.pause();
    else player.play().catch(() => {});
  };
  for (const event of ["play", "pause", "seeking", "timeupdate", "ratechange"]) {
    main.player.addEventListener(event, keepUp);
  }
  return toggle(t("video.beside"), (isOn) => {
    if (isOn) films.prepend(figure);
    else figure.remove();
    keepUp();
  });
}
