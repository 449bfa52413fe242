// Elements made by hand: what comes from outside becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (`onclick`) and children; null and false are left out. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  const isThere = (one) => one !== null && one !== undefined && one !== false;
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (isThere(value)) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter(isThere));
  return made;
}

/** A button that does something and sends no form. */
export function button(text, onclick, attributes = {}) {
  return element("button", { type: "button", onclick, ...attributes }, text);
}

/** An id that no other element has, for labels and descriptions. */
export const freshId = (() => {
  let count = 0;
  return () => `id-${(count += 1)}`;
})();
