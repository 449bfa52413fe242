// Files that are dropped or chosen, those inside folders too.

/** Of a batch; a folder is read no further. */
export const MOST_FILES = 2000;

/**
 * What was dropped, as files with the paths that they are shown by.
 *
 * Of a folder everything that `isWanted` is taken, of single files all: they were meant.
 */
export async function droppedFiles({ items, files }, isWanted) {
  // Once anything is awaited the items are gone.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((one) => one);
  if (!entries.some((one) => one.isDirectory)) return named(files);
  const found = await Promise.all(entries.map((one) => filesBelow(one, isWanted)));
  return sorted(found.flat());
}

/** What was chosen by an input, a folder or single files. */
export function chosenFiles({ files, webkitdirectory }, isWanted) {
  const all = named(files);
  return webkitdirectory ? sorted(all.filter(({ file }) => isWanted(file))) : all;
}

/** As people count: picture 2 before picture 10. */
const sorted = (files) => {
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  return files.sort((one, other) => compare(one.name, other.name));
};

const named = (files) =>
  Array.from(files, (file) => ({ file, name: file.webkitRelativePath || file.name }));

async function filesBelow(entry, isWanted) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return isWanted(file) ? [{ file, name: entry.fullPath.slice(1) }] : [];
  }
  const found = [];
  for await (const one of entriesIn(entry.createReader())) {
    found.push(...(await filesBelow(one, isWanted)));
    if (found.length > MOST_FILES) break;
  }
  return found;
}

/** A reader gives a hundred at a time, and none at the end. */
async function* entriesIn(reader) {
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    yield* some;
  }
}
