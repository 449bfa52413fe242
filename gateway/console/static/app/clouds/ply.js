// Points out of a PLY file, as text or binary; what else a vertex has is passed over.

const READERS = {
  char: ["getInt8", 1],
  uchar: ["getUint8", 1],
  short: ["getInt16", 2],
  ushort: ["getUint16", 2],
  int: ["getInt32", 4],
  uint: ["getUint32", 4],
  float: ["getFloat32", 4],
  double: ["getFloat64", 8],
};
const ALIASES = {
  int8: "char",
  uint8: "uchar",
  int16: "short",
  uint16: "ushort",
  int32: "int",
  uint32: "uint",
  float32: "float",
  float64: "double",
};
const MOST_POINTS = 30_000;
const LONGEST_HEAD = 10_000;

/** At most so many points, evenly taken; the file is one that the service has read. */
export async function readPly(file) {
  const bytes = await file.arrayBuffer();
  const head = new TextDecoder("latin1").decode(bytes.slice(0, LONGEST_HEAD));
  const end = /end_header\r?\n/.exec(head);
  const told = head.slice(0, end.index);
  const count = Number(/element vertex (\d+)/.exec(told)[1]);
  const vertex = told.split(/element vertex \d+/)[1].split(/\nelement /)[0];
  const columns = [...vertex.matchAll(/property (\w+) (\w+)/g)].map(([, type, name]) => ({
    type,
    name,
  }));
  const body = bytes.slice(end.index + end[0].length);
  const read = told.includes("format ascii")
    ? asText(body, columns)
    : asBinary(body, columns, told);
  const step = Math.max(1, Math.ceil(count / MOST_POINTS));
  return Array.from({ length: Math.ceil(count / step) }, (_, at) => read(at * step));
}

function asText(body, columns) {
  const rows = new TextDecoder().decode(body).split("\n");
  const places = ["x", "y", "z"].map((axis) => columns.findIndex(({ name }) => name === axis));
  return (at) => {
    const values = rows[at].trim().split(/\s+/);
    return places.map((place) => Number(values[place]));
  };
}

function asBinary(body, columns, told) {
  const view = new DataView(body);
  const isLittle = told.includes("binary_little_endian");
  let stride = 0;
  const places = {};
  for (const { type, name } of columns) {
    const [method, size] = READERS[ALIASES[type] ?? type];
    places[name] = { method, offset: stride };
    stride += size;
  }
  return (at) =>
    ["x", "y", "z"].map((axis) =>
      view[places[axis].method](at * stride + places[axis].offset, isLittle),
    );
}
