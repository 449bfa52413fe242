// Point clouds turned by hand: by dragging, by keys, by buttons. Nothing moves by itself.

import { button, element } from "../dom.js";
import { bar } from "../controls.js";
import { Stage } from "../stage.js";
import { t } from "../texts.js";
import { along, painterInPlane } from "./plane.js";
import { View } from "./view.js";
import { painterInSpace } from "./webgl.js";

const [WIDTH, HEIGHT] = [900, 600];
/** How large a point is, as a share of the height. */
const POINT = 0.011;
const MARGIN = 1.7;
const TURN = 0.1;
const TURN_PER_PX = 1 / 150;
const CLOSER = 1.2;
const MOVES = {
  ArrowLeft: { sign: "←", text: "turn.left", move: (view) => view.turn(-TURN, 0) },
  ArrowRight: { sign: "→", text: "turn.right", move: (view) => view.turn(TURN, 0) },
  ArrowUp: { sign: "↑", text: "turn.up", move: (view) => view.turn(0, -TURN) },
  ArrowDown: { sign: "↓", text: "turn.down", move: (view) => view.turn(0, TURN) },
  "+": { sign: "+", text: "turn.closer", move: (view) => view.zoom(CLOSER) },
  "-": { sign: "−", text: "turn.farther", move: (view) => view.zoom(1 / CLOSER) },
};

/** A scene and what was found in it; each find has a number, and a mark that lights it up. */
export class Turntable {
  #view = new View();
  #held = new Map();
  #asked = null;
  #canvas = element("canvas");
  #clouds;
  #frame;
  #paint;

  constructor(scene, finds) {
    this.#clouds = centred([scene, ...finds]);
    const unseen = { isShown: false, width: WIDTH, height: HEIGHT };
    const stage = new Stage(unseen, { caption: t("turn.how") });
    stage.layer(this.#canvas);
    this.marks = finds.map((_, at) => stage.number(at + 1));
    this.#frame = stage.frame;
    this.#paint = painterInSpace(this.#canvas, this.#clouds);
    const sentence = !this.#paint && element("p", { class: "hint" }, t("turn.flat"));
    this.#paint ??= painterInPlane(this.#canvas, this.#clouds);
    this.element = element("div", { class: "stack" }, this.#bar(), stage.element, sentence);
    this.#listen();
    this.#follow();
  }

  #bar() {
    const moves = Object.values(MOVES).map(({ sign, text, move }) =>
      button(sign, () => this.#change(move), { "aria-label": t(text), title: t(text) }),
    );
    const reset = button(t("turn.reset"), () => this.#change((view) => view.reset()));
    return bar(element("div", { class: "moves" }, moves, reset));
  }

  /** Redrawn once a frame, however much has changed. */
  #redraw = () => {
    this.#asked ??= requestAnimationFrame(() => this.#draw());
  };

  #change(move) {
    this.#redraw();
    return move(this.#view);
  }

  #listen() {
    const frame = this.#frame;
    frame.classList.add("turntable");
    frame.tabIndex = 0;
    frame.setAttribute("role", "img");
    frame.setAttribute("aria-label", t("turn.how"));
    frame.addEventListener("keydown", (event) => this.#press(event));
    frame.addEventListener("wheel", (event) => this.#roll(event));
    frame.addEventListener("pointerdown", (event) => this.#hold(event));
    frame.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      frame.addEventListener(end, ({ pointerId }) => this.#held.delete(pointerId));
    }
  }

  #press(event) {
    const told = MOVES[event.key];
    if (!told || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#change(told.move);
  }

  /** A pinch on a touchpad is told as a wheel; where zooming ends, the page scrolls. */
  #roll(event) {
    const factor = Math.exp(-event.deltaY / 500);
    if (this.#change((view) => view.zoom(factor))) event.preventDefault();
  }

  #hold({ pointerId, clientX, clientY }) {
    this.#held.set(pointerId, [clientX, clientY]);
  }

  /** One finger turns, two zoom; captured only now, for a press on a mark is for the mark. */
  #drag(event) {
    const before = this.#held.get(event.pointerId);
    if (!before) return;
    this.#frame.setPointerCapture(event.pointerId);
    const apart = this.#fingersApart();
    this.#hold(event);
    if (apart) return this.#change((view) => view.zoom(this.#fingersApart() / apart));
    const [right, down] = [event.clientX - before[0], event.clientY - before[1]];
    this.#change((view) => view.turn(right * TURN_PER_PX, down * TURN_PER_PX));
  }

  #fingersApart() {
    const [one, other] = this.#held.values();
    return other && Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
  }

  /** What else changes the drawing: its size, the colours, and marks that light up. */
  #follow() {
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    new ResizeObserver(() => {
      const isSeen = this.#frame.isConnected;
      scheme[isSeen ? "addEventListener" : "removeEventListener"]("change", this.#redraw);
      if (isSeen) this.#draw();
    }).observe(this.#frame);
    const lighting = new MutationObserver(this.#redraw);
    for (const mark of this.marks) lighting.observe(mark, { attributeFilter: ["class"] });
    this.#canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.#canvas.addEventListener("webglcontextrestored", () => {
      this.#paint = painterInSpace(this.#canvas, this.#clouds);
      this.#redraw();
    });
  }

  #draw() {
    this.#asked = null;
    const { rows, scale } = this.#view;
    const { clientWidth, clientHeight } = this.#frame;
    this.#canvas.width = clientWidth * devicePixelRatio;
    this.#canvas.height = clientHeight * devicePixelRatio;
    const diameter = POINT * this.#canvas.height * Math.sqrt(scale);
    const colours = [this.#frame, ...this.marks].map((one) => getComputedStyle(one).color);
    const ground = getComputedStyle(this.#frame).backgroundColor;
    this.#paint({ rows, scale, diameter, colours, ground });
    this.marks.forEach((mark, at) => {
      const [x, y] = topmost(this.#clouds[at + 1], rows);
      const unit = (scale * HEIGHT) / 2;
      mark.setAttribute("transform", `translate(${WIDTH / 2 + unit * x} ${HEIGHT / 2 + unit * y})`);
    });
  }
}

function topmost(cloud, [right, down]) {
  const heights = cloud.map((point) => along(down, point));
  const least = heights.reduce((best, height, at) => (height < heights[best] ? at : best), 0);
  return [along(right, cloud[least]), heights[least]];
}

/** Around the middle of the last cloud, which is seen whole between -1 and 1. */
function centred(clouds) {
  const middle = [0, 1, 2].map((axis) => median(clouds.at(-1).map((point) => point[axis])));
  const moved = clouds.map((cloud) =>
    cloud.map((point) => point.map((value, axis) => value - middle[axis])),
  );
  const most = moved.at(-1).flat().reduce((least, value) => Math.max(least, Math.abs(value)), 0);
  const radius = clouds.length > 1 ? MARGIN * most : most;
  return moved.map((cloud) => cloud.map((point) => point.map((value) => value / radius)));
}

const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];
