// Reads {first, second} paths of PNG files of one size from a JSON list; writes, beside each
// `first`, what pixelmatch, odiff and looks-same say differs, as PNG files in which that is opaque.
import { readFileSync, writeFileSync } from "node:fs";
import { ODiffServer } from "odiff-bin";
import looksSame from "looks-same";
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
  const drawn = await looksSame.createDiff({
    reference: first,
    current: second,
    highlightColor: "#ff00ff",
    ignoreAntialiasing: true,
  });
  const marked = PNG.sync.read(drawn);
  for (let i = 0; i < marked.data.length; i += 4) {
    const [red, green, blue] = marked.data.subarray(i, i + 3);
    marked.data[i + 3] = red === 255 && green === 0 && blue === 255 ? 255 : 0;
  }
  writeFileSync(`${first}.looks-same.png`, PNG.sync.write(marked));
}
server.stop();
