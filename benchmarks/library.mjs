// CPU that pixelmatch takes to compare two PNG files, ms: decoding, comparing, and writing what differs.
import { readFileSync } from "node:fs";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

const [turns, ...files] = process.argv.slice(2);

function compare() {
  const [one, other] = files.map((file) => PNG.sync.read(readFileSync(file)));
  const found = new PNG({ width: one.width, height: one.height });
  pixelmatch(one.data, other.data, found.data, one.width, one.height, { threshold: 0.1 });
  PNG.sync.write(found);
}

compare();
const seen = [];
for (let turn = 0; turn < Number(turns); turn += 1) {
  const { user, system } = process.cpuUsage();
  compare();
  const now = process.cpuUsage();
  seen.push((now.user - user + now.system - system) / 1000);
}
console.log(seen.sort((one, other) => one - other)[Math.floor(seen.length / 2)]);
