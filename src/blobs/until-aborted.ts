/**
 * What a source yields, until it ends or the signal aborts. A source that falls silent, as a client that neither sends
 * nor hangs up, is not waited for. The source is told when no more is wanted.
 *
 * @throws the signal's reason; what the source throws.
 */
export async function* untilAborted<Value>(
  source: AsyncIterable<Value>,
  signal: AbortSignal,
): AsyncGenerator<Value, void, void> {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  let abort = (): void => undefined;
  const aborted = new Promise<"aborted">((resolve) => {
    abort = () => {
      resolve("aborted");
    };
  });
  signal.addEventListener("abort", abort, { once: true });
  // A source that has ended or failed needs no telling.
  let isOver = false;
  try {
    for (;;) {
      let next: IteratorResult<Value, unknown> | "aborted";
      try {
        next = await Promise.race([iterator.next(), aborted]);
      } catch (error) {
        isOver = true;
        throw error;
      }
      signal.throwIfAborted();
      if (next === "aborted") return;
      if (next.done === true) {
        isOver = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    if (!isOver) await leave(iterator, signal);
  }
}

async function leave(iterator: AsyncIterator<unknown, unknown>, signal: AbortSignal): Promise<void> {
  const left = iterator.return?.();
  if (left === undefined) return;
  if (!signal.aborted) {
    await left;
    return;
  }
  // A generator that hangs answers only once it goes on, perhaps never. If it fails then, nobody is left to be told: the
  // call has ended with the signal's reason.
  left.catch(() => undefined);
}
