// The scan, and the solid where it was found; turned by hand or by the arrow keys.

import { element } from "../dom.js";
import { number, percent, t } from "../texts.js";
import { readPly } from "../ply.js";

const STEP = 0.1;
const KEYS = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

export async function show({ answer, pictures }) {
  const { pose, overlap } = answer.result;
  const told = { overlap: percent(overlap), poses: number(answer.result.poses_found) };
  const sentence = element("p", { class: "hint" }, t("surface.told", told));
  const { model, scene } = pictures;
  if (!model.file || !scene.file) return sentence;
  const clouds = [await readPly(scene.file)];
  if (pose) clouds.push((await readPly(model.file)).map((point) => moved(point, pose)));
  return [turntable(clouds), sentence];
}

const moved = ([x, y, z], pose) =>
  pose.slice(0, 3).map(([a, b, c, shift]) => a * x + b * y + c * z + shift);

/** Clouds around the middle of the last one, which is the one to look at. */
function turntable(clouds) {
  const middle = [0, 1, 2].map((axis) => median(clouds.at(-1).map((point) => point[axis])));
  const centred = clouds.map((cloud) =>
    cloud.map((point) => point.map((value, axis) => value - middle[axis])),
  );
  const radius = Math.max(...[0, 1, 2].map((axis) => spread(centred.at(-1), axis))) * 2;
  const canvas = element("canvas", {
    class: "turntable",
    width: 900,
    height: 600,
    tabindex: 0,
    role: "img",
    "aria-label": t("surface.turn"),
  });
  const angles = { around: 0.4, over: 0.3 };
  const turn = (around, over) => {
    angles.around += around;
    angles.over += over;
    draw(canvas, centred, angles, radius);
  };
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) turn(event.movementX / 150, event.movementY / 150);
  });
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    turn(...KEYS[event.key]);
  });
  turn(0, 0);
  const caption = element("figcaption", {}, t("surface.turn"));
  return element("figure", { class: "stage" }, canvas, caption);
}

const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];
const spread = (cloud, axis) =>
  cloud.reduce((most, point) => Math.max(most, Math.abs(point[axis])), 0);

function draw(canvas, clouds, { around, over }, radius) {
  const brush = canvas.getContext("2d");
  const colours = getComputedStyle(document.documentElement);
  const inks = ["--edge", "--accent"].map((name) => colours.getPropertyValue(name));
  const [sin, cos, dip, level] = [
    Math.sin(around),
    Math.cos(around),
    Math.sin(over),
    Math.cos(over),
  ];
  const zoom = canvas.height / 2 / radius;
  brush.clearRect(0, 0, canvas.width, canvas.height);
  clouds.forEach((cloud, at) => {
    brush.fillStyle = inks[at];
    for (const [x, y, z] of cloud) {
      const [across, away] = [cos * x + sin * z, cos * z - sin * x];
      const down = level * y - dip * away;
      brush.fillRect(canvas.width / 2 + across * zoom, canvas.height / 2 + down * zoom, 2, 2);
    }
  });
}
