// Server-sent events, read by fetch(): an EventSource cannot say who asks.

/** The data of each event of an answer, parsed, until it ends or is aborted. */
export async function* eventsOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").find((line) => line.startsWith("data: "));
      // What has none is there to keep the connection open.
      if (data) yield JSON.parse(data.slice("data: ".length));
    }
  }
}
