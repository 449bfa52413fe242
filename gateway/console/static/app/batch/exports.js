// What came of a batch, as a file to keep: CSV, JSON, or a ZIP archive with the pictures.

import { picturesOf } from "../facts.js";
import { pictureFile } from "../pictures.js";
import { zip } from "./zip.js";

const HEAD = ["file", "status", "seconds", "message"];

/** A line a file, a column a scalar (RFC 4180); Excel wants the mark at the beginning. */
export function csvOf(rows) {
  const names = new Set(rows.flatMap(({ facts }) => Object.keys(facts ?? {})));
  const lines = rows.map((row) => [
    ...[row.name, row.status, row.seconds, row.message],
    ...Array.from(names, (name) => row.facts?.[name]),
  ]);
  const text = [[...HEAD, ...names], ...lines].map((line) => line.map(cell).join(",")).join("\r\n");
  return new Blob(["\ufeff", text, "\r\n"], { type: "text/csv" });
}

/** Spreadsheets take a text that begins so for a formula; names and read text are others' words. */
function cell(value) {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Each file with the service's answer, or with the sentence that says why there is none. */
export function jsonOf(rows) {
  const parts = rows.map(({ name, message, blob }) => {
    const file = JSON.stringify(name);
    return blob
      ? [`{"file":${file},"answer":`, blob, "}"]
      : [`{"file":${file},"error":${JSON.stringify(message)}}`];
  });
  const all = parts.flatMap((part, at) => (at ? [",\n", ...part] : part));
  return new Blob(["[", ...all, "]\n"], { type: "application/json" });
}

/** The CSV, and of each file the answer and its pictures; null where that is too large. */
export async function zipOf(rows) {
  const files = [["results.csv", csvOf(rows)]];
  const taken = new Set();
  for (const { name, blob } of rows.filter((row) => row.blob)) {
    const own = unique(name, taken);
    files.push([`${own}.json`, blob]);
    const pictures = picturesOf(JSON.parse(await blob.text()).result);
    for (const [key, picture] of Object.entries(pictures)) {
      const file = pictureFile(picture, key);
      files.push([`${own}.${key}.${file.type.split("/")[1]}`, file]);
    }
  }
  return zip(files);
}

/** A path that any system can unpack below a folder, and that no other file has. */
function unique(name, taken) {
  const steps = name.split(/[/\\]/).filter((step) => !/^\.*$/.test(step));
  const path = steps.join("/").replace(/[<>:"|?*\p{Cc}]/gu, "_") || "file";
  let own = path;
  for (let count = 2; taken.has(own); count += 1) own = `${path} (${count})`;
  taken.add(own);
  return own;
}
