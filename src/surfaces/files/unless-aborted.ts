/**
 * Waits for work, but no longer than until the signal aborts: what it waits for, such as the rest of a form, may never
 * come.
 *
 * @throws the signal's reason; what the work rejects with, if that comes first.
 */
export async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let abort = (): void => undefined;
  const aborted = new Promise<"aborted">((resolve) => {
    abort = () => {
      resolve("aborted");
    };
  });
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    const first = await Promise.race([work.then((value) => ({ value })), aborted]);
    signal.throwIfAborted();
    return first === "aborted" ? await work : first.value;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
