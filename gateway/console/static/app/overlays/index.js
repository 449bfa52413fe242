// Which module shows a service's result; one without a module of its own shows its pictures.

/**
 * Each module has `show`, which turns a result into elements, and may have `initial`: parameters
 * that look better here than the API's defaults.
 */
const MODULES = {
  objectDetection: () => import("./objects.js"),
};

export const overlayOf = (service) => (MODULES[service.name] ?? (() => import("./any.js")))();
