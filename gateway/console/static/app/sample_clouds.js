// Two point clouds that belong together: a lopsided pebble, and a scan in which it lies on a table.

const COUNT = 3000;
const TURN = [
  [0.8, -0.6, 0],
  [0.48, 0.64, -0.6],
  [0.36, 0.48, 0.8],
];
const SHIFT = [0.5, -0.3, 7];

export const solid = () => ply("pebble.ply", pebble());

/** What of the pebble and the table is seen from the origin. */
export function scan() {
  const placed = pebble().map(({ point, normal }) => ({
    point: turned(point).map((value, axis) => value + SHIFT[axis]),
    normal: turned(normal),
  }));
  const seen = placed.filter(({ point, normal }) => dot(point, normal) < 0);
  return ply("scan.ply", [...seen, ...table()]);
}

/** Points and outward normals, spread evenly by the golden angle. */
function pebble() {
  return Array.from({ length: COUNT }, (_, at) => {
    const z = 1 - (2 * (at + 0.5)) / COUNT;
    const around = at * Math.PI * (3 - Math.sqrt(5));
    const across = Math.sqrt(1 - z * z);
    return bulged([across * Math.cos(around), across * Math.sin(around), z]);
  });
}

function bulged(direction) {
  const [x, y, z] = direction;
  const radius = 1 + 0.3 * x * y + 0.4 * z * x + 0.2 * y ** 3;
  const slope = [0.3 * y + 0.4 * z, 0.3 * x + 0.6 * y * y, 0.4 * x];
  const along = dot(slope, direction);
  const normal = direction.map((one, axis) => one * radius - (slope[axis] - along * one));
  const length = Math.hypot(...normal);
  return {
    point: direction.map((one) => one * radius),
    normal: normal.map((one) => one / length),
  };
}

function table() {
  const points = [];
  for (let x = -4; x < 5; x += 0.1) {
    for (let z = 3.5; z < 11; z += 0.1) points.push({ point: [x, 1.5, z], normal: [0, -1, 0] });
  }
  return points;
}

const dot = (one, other) => one.reduce((sum, value, axis) => sum + value * other[axis], 0);
const turned = (point) => TURN.map((row) => dot(row, point));

function ply(name, cloud) {
  const columns = ["x", "y", "z", "nx", "ny", "nz"].map((one) => `property float ${one}`);
  const head = ["ply", "format ascii 1.0", `element vertex ${cloud.length}`, ...columns];
  const row = ({ point, normal }) => [...point, ...normal].map((one) => one.toFixed(5)).join(" ");
  const lines = [...head, "end_header", ...cloud.map(row), ""];
  return new File([lines.join("\n")], name, { type: "application/octet-stream" });
}
