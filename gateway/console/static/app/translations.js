// The request in the words of another API that has the same, as a command.

import { addressOf } from "./api.js";
import { curl, inShell } from "./snippets.js";
import { t } from "./texts.js";

const CLASSES = ["face", "license_plate", "person", "vehicle"];

/** By service: the API, how it is asked, and the parameters that it does not have. */
const TRANSLATIONS = {
  anonymize: ["Celantur", celantur, ["regions", "view", "tiles", "tile_overlap"]],
  featureMatch: [
    "AeroVision",
    aeroVision("feature", { query: "query_image", train: "train_image" }),
  ],
  imageQuality: ["PEKAT", pekat, ["bins", "tolerance"]],
  objectDetection: ["PEKAT", pekat, ["min_score", "max_results", "tiles"]],
  surfaceMatch: ["AeroVision", aeroVision("surface", { model: "model_file", scene: "scene_file" })],
  templateMatch: [
    "AeroVision",
    aeroVision("template", { grayscale: "use_grayscale" }),
    ["max_overlap", "scale_step", "angle_step"],
  ],
};

/** By the API's name; none of them fetches a picture from an address. */
export function translations(request) {
  const [api, translate, missing = []] = TRANSLATIONS[request.service.name] ?? [];
  if (!api || Object.values(request.pictures).some(({ address }) => address)) return {};
  const unsaid = request.values.map(([name]) => name).filter((name) => missing.includes(name));
  const values = request.values.filter(([name]) => !missing.includes(name));
  const notes = unsaid.map((name) => `# ${t("code.unknown", { api, name })}`);
  return { [api]: [...notes, translate({ ...request, values })].join("\n") };
}

function aeroVision(tool, names) {
  const renamed = (entries) => entries.map(([name, value]) => [names[name] ?? name, value]);
  return ({ pictures, values, ...request }) =>
    curl({
      ...request,
      path: `api/v1/match/${tool}`,
      pictures: Object.fromEntries(renamed(Object.entries(pictures))),
      values: renamed(values),
    });
}

/** There no class is hidden unless it is named, and parameters stand in the query. */
function celantur({ pictures: { image }, values, ...request }) {
  const all = new Map([...CLASSES.map((name) => [name, "true"]), ...values]);
  const query = new URLSearchParams(
    Array.from(all, ([name, value]) => [name.replaceAll("_", "-"), value]),
  );
  const pictures = image ? { fileobject: image } : {};
  return curl({ ...request, path: `v1/file?${query}`, pictures, values: [] });
}

/** The project says what is looked for; a key is all that it knows callers by. */
function pekat({ pictures: { image } }) {
  return [
    `curl ${inShell(addressOf("analyze_image?api_key=").href)}"$API_KEY"`,
    `--data-binary ${inShell(`@${image?.name ?? ""}`)}`,
  ].join(" \\\n  ");
}
