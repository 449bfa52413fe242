// A picture with layers over it; a unit of the marks is a pixel of the picture.

import { drawn, element } from "./dom.js";

const BADGE_PX = 11;

/** A picture that may have a caption; `layer`, `warped` and the marks lie over it. */
export class Stage {
  #marks;
  #size;

  /** Without pixels (`isShown`) the marks stand on an empty ground of `size`. */
  constructor(picture, { caption = "", size = [picture.width, picture.height] } = {}) {
    const [width, height] = (this.#size = size);
    const viewBox = `0 0 ${width} ${height}`;
    this.#marks = drawn("svg", { class: "marks", viewBox, "aria-hidden": "true" });
    const image = picture.isShown && element("img", { src: picture.url, alt: picture.name });
    this.frame = element("div", { class: "frame" }, image, this.#marks);
    this.frame.style.setProperty("--ratio", width / height);
    this.element = element(
      "figure",
      { class: "stage" },
      this.frame,
      caption && element("figcaption", {}, caption),
    );
    new ResizeObserver(() => {
      this.frame.style.setProperty("--scale", this.frame.clientWidth / width);
    }).observe(this.frame);
  }

  /** Lay something over the picture, as large as it. */
  layer(node) {
    node.classList.add("layer");
    this.#marks.before(node);
    return node;
  }

  /** Lay a picture over this one by a homography of its pixels to pixels of this one. */
  warped(picture, matrix) {
    const image = element("img", { src: picture.url, alt: picture.name, class: "natural" });
    image.style.width = `${picture.width}px`;
    image.style.height = `${picture.height}px`;
    const [a, b, c, d, e, f, g, h, i] = matrix;
    const columns = [a, d, 0, g, b, e, 0, h, 0, 0, 1, 0, c, f, 0, i];
    image.style.transform = `scale(var(--scale)) matrix3d(${columns})`;
    return this.layer(element("div", {}, image));
  }

  /** A closed outline and perhaps its number, which stays inside the picture. */
  mark(points, number = null) {
    const outline = drawn("polygon", { class: "outline", points: points.join(" ") });
    const corner = [0, 1].map((axis) => {
      const least = Math.min(...points.map((point) => point[axis]));
      return Math.min(Math.max(least, 0), this.#size[axis]);
    });
    const badge = number && badgeAt(corner, number);
    const group = drawn("g", { class: "mark" }, outline, badge);
    this.#marks.append(group);
    return group;
  }

  /** A number alone, which is placed by its `transform`. */
  number(number) {
    const group = drawn("g", { class: "mark" }, badgeAt([0, 0], number));
    this.#marks.append(group);
    return group;
  }

  /** A single point, of which there are too many for numbers. */
  dot([x, y]) {
    const place = { transform: `translate(${x} ${y})` };
    const circle = drawn("circle", { class: "dot", r: 4 });
    const group = drawn("g", { class: "mark", ...place }, drawn("g", { class: "upright" }, circle));
    this.#marks.append(group);
    return group;
  }

  /** Words that can be selected over the picture, as wide as in it; `angle` is counter-clockwise. */
  word(text, [left, top, right, bottom], angle) {
    const isSteep = Math.abs(Math.abs(angle) - 90) < 45;
    const sides = [right - left, bottom - top];
    const [along, across] = isSteep ? sides.reverse() : sides;
    const middle = [(left + right) / 2, (top + bottom) / 2];
    const attributes = {
      class: "word",
      x: -along / 2,
      y: across * 0.3,
      textLength: along,
      lengthAdjust: "spacingAndGlyphs",
      "font-size": across * 0.8,
      transform: `translate(${middle}) rotate(${-angle})`,
    };
    this.#marks.append(drawn("text", attributes, `${text} `));
  }
}

function badgeAt([x, y], number) {
  const text = drawn("text", { class: "badge-text", dy: "0.35em" }, number);
  const circle = drawn("circle", { r: BADGE_PX });
  const upright = drawn("g", { class: "upright" }, circle, text);
  return drawn("g", { class: "badge", transform: `translate(${x} ${y})` }, upright);
}

/** A box of an answer (left, top, right, bottom) as an outline. */
export function outlineOf([left, top, right, bottom]) {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}
