// Which module shows a service's result; one without a module of its own shows its pictures.

/**
 * Each module has `show`, which turns a result into elements, and may have `initial`: parameters
 * that look better here than the API's defaults.
 */
const MODULES = {
  alignmentMatrix: () => import("./alignment.js"),
  anonymize: () => import("./anonymized.js"),
  celanturUploadFile: () => import("./files.js"),
  classification: () => import("./labels.js"),
  colorPalette: () => import("./palette.js"),
  contours: () => import("./contours.js"),
  differences: () => import("./differences.js"),
  distance: () => import("./distance.js"),
  edges: () => import("./mask.js"),
  featureMatch: () => import("./matches.js"),
  heatMap: () => import("./heat.js"),
  imageQuality: () => import("./quality.js"),
  matchChain: () => import("./chain.js"),
  matchFeature: () => import("./files.js"),
  matchSurface: () => import("./aerovision_surface.js"),
  matchTemplate: () => import("./files.js"),
  objectDetection: () => import("./objects.js"),
  objectMaskDetection: () => import("./mask.js"),
  surfaceMatch: () => import("./surface.js"),
  templateMatch: () => import("./templates.js"),
  textDetection: () => import("./text.js"),
};

export const overlayOf = (service) => (MODULES[service.name] ?? (() => import("./any.js")))();
