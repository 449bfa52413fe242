// A video that was anonymised, and what was seen in it when; read when there is one.

/** A larger one is not held by the page to be played. */
const MOST_PLAYED_BYTES = 512 * 2 ** 20;
const FRAMES_AT_ONCE = 500;

/**
 * What the service keeps of a video's task.
 *
 * `file` is the video, or null where nothing was to be hidden or it is too large; `save` is
 * there where it is too large. `bars` and `seconds` are the timeline's.
 */
export async function readVideo(task, asking) {
  const path = `v1/file/${task.id}/video`;
  const name = `${task.name.replace(/\.\w+$/, "")}-anonymised.mp4`;
  const [kept, timeline] = await Promise.all([
    task.anonymised_link ? readFile(`${path}/anonymised`, name, asking) : { file: null },
    readTimeline(`${path}/metadata`, asking),
  ]);
  return { ...kept, ...timeline };
}

async function readFile(path, name, { session, signal }) {
  const head = await session.ask(path, { method: "HEAD", signal });
  if (Number(head.headers.get("content-length")) > MOST_PLAYED_BYTES) {
    return { file: null, save: () => save(path, name, session) };
  }
  const blob = await (await session.ask(path, { signal })).blob();
  return { file: new File([blob], name, { type: blob.type }) };
}

/** Straight to the disk where the browser can; others keep large blobs there as well. */
async function save(path, name, session) {
  if (window.showSaveFilePicker) {
    const target = await window.showSaveFilePicker({ suggestedName: name });
    const [answer, writable] = await Promise.all([session.ask(path), target.createWritable()]);
    return answer.body.pipeTo(writable);
  }
  const url = URL.createObjectURL(await (await session.ask(path)).blob());
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

/** A bar is an instance from the first to the last of frames in a row in which it was seen. */
async function readTimeline(path, { session, signal }) {
  const times = [];
  const things = new Map();
  let frames;
  do {
    // The last frame is asked for again: one beyond the end would be refused.
    const start = Math.max(times.length - 1, 0);
    frames = await (await session.ask(`${path}?times=true&start=${start}`, { signal })).json();
    for (const frame of frames) note(frame, times, things);
  } while (frames.length === FRAMES_AT_ONCE);
  const last = times.at(-1);
  const seconds = last + (times.length > 1 ? (last - times[0]) / (times.length - 1) : 1);
  const bars = [...things.values()].flat().map(({ first, last, ...bar }) => {
    return { ...bar, from: times[first], to: times[last + 1] ?? seconds };
  });
  return { bars, seconds };
}

function note({ id, seconds, detections }, times, things) {
  const frame = Number(id);
  times[frame] = seconds;
  for (const { id: number, type_label: kind, score } of detections) {
    const spans = things.get(number) ?? [];
    things.set(number, spans);
    const span = spans.at(-1);
    if (span && frame <= span.last + 1) {
      Object.assign(span, { last: frame, score: Math.max(score, span.score) });
    } else spans.push({ number, kind, score, first: frame, last: frame });
  }
}
