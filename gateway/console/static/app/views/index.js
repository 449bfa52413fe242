// The views, by the first word of the address's fragment; each is loaded when it is first shown.

const MODULES = {
  try: () => import("./try.js"),
  batch: () => import("./batch.js"),
  tasks: () => import("./tasks.js"),
  run: () => import("./run.js"),
};

export const VIEWS = Object.keys(MODULES);

/**
 * A view, made once of the session, what asks to sign in, and the services. Each has an `element`, `show`, which is told the service that the address
 * names, and may have `hide`, which is called when another view takes its place.
 */
export async function makeView(name, given) {
  const { default: View } = await MODULES[name]();
  return new View(given);
}
