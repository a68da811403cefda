/** One server-sent event, or a comment that only shows that the connection lives. */
export type StreamEvent =
  { readonly event: string; readonly id?: number; readonly data: unknown } | { readonly comment: string };

/** How it is written (WHATWG HTML, server-sent events). JSON has no line breaks, so data is one line. */
export function eventFrame(event: StreamEvent): string {
  if ("comment" in event) return `: ${event.comment}\n\n`;
  const id = event.id === undefined ? "" : `id: ${event.id}\n`;
  return `event: ${event.event}\n${id}data: ${JSON.stringify(event.data)}\n\n`;
}

const beat = Symbol("beat");

/**
 * Yields what a source yields, and a heartbeat whenever it has been silent for a while. It asks the source for the next
 * element only when it is itself asked for one: whoever takes nothing makes nothing pile up.
 *
 * @param silenceMs how long the source may be silent.
 */
export async function* withHeartbeats<Element, Beat>(
  source: AsyncGenerator<Element, void, undefined>,
  silenceMs: number,
  heartbeat: Beat,
): AsyncGenerator<Element | Beat, void, undefined> {
  try {
    for (;;) {
      const next = source.next();
      // It may fail while a heartbeat waits to be taken. It is looked at again then; until then it is no stray rejection.
      next.catch(() => undefined);
      let first = await orBeat(next, silenceMs);
      for (; first === beat; first = await orBeat(next, silenceMs)) yield heartbeat;
      if (first.done === true) return;
      yield first.value;
    }
  } finally {
    await source.return();
  }
}

async function orBeat<Value>(value: Promise<Value>, silenceMs: number): Promise<Value | typeof beat> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<typeof beat>((resolve) => {
    timer = setTimeout(() => {
      resolve(beat);
    }, silenceMs);
  });
  try {
    return await Promise.race([value, silence]);
  } finally {
    clearTimeout(timer);
  }
}
