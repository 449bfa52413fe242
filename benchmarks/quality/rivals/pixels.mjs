// Reads {first, second} paths of PNG files of one size from a JSON list; writes, beside each
// `first`, what pixelmatch and odiff say differs, as PNG files in which that is opaque.
import { readFileSync, writeFileSync } from "node:fs";
import { ODiffServer } from "odiff-bin";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

const server = new ODiffServer();
for (const { first, second, ...threshold } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const one = PNG.sync.read(readFileSync(first));
  const other = PNG.sync.read(readFileSync(second));
  const found = new PNG({ width: one.width, height: one.height });
  pixelmatch(one.data, other.data, found.data, one.width, one.height, {
    threshold: threshold.pixelmatch,
    diffMask: true,
  });
  writeFileSync(`${first}.pixelmatch.png`, PNG.sync.write(found));
  await server.compare(first, second, `${first}.odiff.png`, {
    threshold: threshold.odiff,
    antialiasing: true,
    outputDiffMask: true,
  });
}
server.stop();
