// The scalars of a result, for a table: of lists how long they are, and the first entry.

const LONGEST_TEXT = 200;
/** A list of so few numbers is one thing: a box, a colour, a matrix. */
const MOST_NUMBERS = 16;

/** By name, `objects.0.box.3`; pictures are left out. */
export function factsOf(value, name = "", found = {}) {
  if (value === null || typeof value !== "object") {
    if (value !== null && String(value).length <= LONGEST_TEXT) found[name] = value;
    return found;
  }
  if (value.encoding === "base64") return found;
  if (Array.isArray(value)) {
    const areNumbers = value.every((one) => typeof one === "number");
    if (!areNumbers) found[inside(name, "length")] = value.length;
    const shown = areNumbers ? value.slice(0, MOST_NUMBERS) : value.slice(0, 1);
    shown.forEach((one, at) => factsOf(one, inside(name, at), found));
  } else {
    for (const [key, one] of Object.entries(value)) factsOf(one, inside(name, key), found);
  }
  return found;
}

/** Every picture inside a result, by name. */
export function picturesOf(value, name = "", found = {}) {
  if (value === null || typeof value !== "object") return found;
  if (value.encoding === "base64") found[name] = value;
  else for (const [key, one] of Object.entries(value)) picturesOf(one, inside(name, key), found);
  return found;
}

const inside = (name, key) => (name ? `${name}.${key}` : key);
