// Something to try each service with: two photographs of the package, and what is drawn from them.

import { readBlob } from "./api.js";
import { fromFile, painted, pixelsOf } from "./pictures.js";
import { solid, scan } from "./sample_clouds.js";

/** By service and input; a service that is not named takes the cup of coffee. */
const SAMPLES = {
  anonymize: { image: () => photograph("astronaut.jpg") },
  textDetection: { image: lettering },
  alignmentMatrix: { image1: turned },
  differences: { image2: changed },
  distance: { queryImage: turned },
  featureMatch: { query: turnedCup },
  templateMatch: { template: cup },
  celanturUploadFile: { fileobject: () => photograph("astronaut.jpg") },
  matchChain: { template: cup },
  matchFeature: { query_image: turnedCup },
  matchSurface: { model_file: solid, scene_file: scan },
  matchTemplate: { template: cup },
  surfaceMatch: { model: solid, scene: scan },
};

/** Files for all inputs that a service must have. */
export async function samplesOf(service) {
  const own = SAMPLES[service.name] ?? {};
  const needed = service.files.filter((one) => one.isRequired).map((one) => one.name);
  const made = needed.map(async (name) => [name, await (own[name] ?? coffee)()]);
  return Object.fromEntries(await Promise.all(made));
}

const coffee = () => photograph("sample.jpg");

async function photograph(name) {
  return new File([await readBlob(`console/${name}`)], name, { type: "image/jpeg" });
}

async function drawing(name, width, height, paint) {
  const image = await pixelsOf(await fromFile(await coffee()));
  const canvas = painted(width, height, (brush) => paint(brush, image));
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  return new File([blob], name, { type: "image/png" });
}

function cup() {
  return drawing("cup.png", 150, 120, (brush, image) => brush.drawImage(image, -300, -100));
}

function turnedCup() {
  return drawing("cup.png", 300, 260, (brush, image) => {
    brush.translate(150, 130);
    brush.rotate(0.4);
    brush.drawImage(image, -330, -190);
  });
}

function turned() {
  return drawing("turned.png", 600, 400, (brush, image) => {
    brush.translate(300, 200);
    brush.rotate(-0.15);
    brush.scale(0.9, 0.9);
    brush.drawImage(image, -300, -200);
  });
}

function changed() {
  return drawing("changed.png", 600, 400, (brush, image) => {
    brush.drawImage(image, 0, 0);
    brush.fillStyle = "#2878d0";
    brush.beginPath();
    brush.arc(500, 330, 24, 0, 2 * Math.PI);
    brush.fill();
    brush.fillStyle = "#f0e8d8";
    brush.fillRect(70, 60, 56, 34);
  });
}

function lettering() {
  return drawing("lettering.png", 600, 360, (brush) => {
    brush.fillStyle = "#fbf7ee";
    brush.fillRect(0, 0, 600, 360);
    brush.fillStyle = "#26221c";
    brush.font = "bold 46px sans-serif";
    brush.fillText("Café Pixel", 60, 100);
    brush.font = "28px sans-serif";
    brush.fillText("Espresso   2.40", 60, 180);
    brush.fillText("Cappuccino   3.10", 60, 230);
    brush.translate(80, 330);
    brush.rotate(-0.06);
    brush.fillText("open from 7 to 19", 0, 0);
  });
}
