// A ZIP archive without compression (APPNOTE 6.3): pictures would hardly shrink.

const LARGEST_BYTES = 0xffffffff;
const VERSION = [2, 20];
const UTF8 = [2, 0x0800];
const NONE = [2, 0];
/** The first of January 1980: nothing here has a time of its own. */
const DATE = [2, 0x21];

const CRC = Uint32Array.from({ length: 256 }, (_, at) => {
  let value = at;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** One blob of names and blobs; null where it would be too large for the plain format. */
export async function zip(files) {
  const [parts, directory] = [[], []];
  let [offset, size] = [0, 0];
  for (const [text, blob] of files) {
    const name = new TextEncoder().encode(text);
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    const sizes = [4, blob.size];
    const fields = [VERSION, UTF8, NONE, NONE, DATE, [4, crc], sizes, sizes, [2, name.length]];
    const local = record([4, 0x04034b50], ...fields, NONE);
    const place = [NONE, NONE, NONE, NONE, [4, 0], [4, offset]];
    const central = record([4, 0x02014b50], VERSION, ...fields, ...place);
    parts.push(local, name, blob);
    directory.push(central, name);
    offset += local.length + name.length + blob.size;
    size += central.length + name.length;
  }
  if (offset + size > LARGEST_BYTES) return null;
  const count = [2, directory.length / 2];
  const where = [count, count, [4, size], [4, offset]];
  const end = record([4, 0x06054b50], NONE, NONE, ...where, NONE);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** Numbers of so many bytes each, the lowest byte first. */
const record = (...numbers) =>
  Uint8Array.from(
    numbers.flatMap(([bytes, value]) =>
      Array.from({ length: bytes }, (_, at) => (value >>> (8 * at)) & 0xff),
    ),
  );

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
