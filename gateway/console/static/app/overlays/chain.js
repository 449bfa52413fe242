// A chain of AeroVision's API: its files, as of any match.

export { show } from "./files.js";

/** It has no default, and two tools show what it is. */
export const initial = { steps: '[{"tool": "template"}, {"tool": "feature"}]' };
