/** What was waited for did not come in time. */
export class TooSlow extends Error {
  override readonly name = "TooSlow";
}

/**
 * Waits for something, but not for long. What comes later is dropped, and so is its failure.
 *
 * @throws TooSlow after `timeoutMs` milliseconds.
 */
export async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // Timers come before the network in a turn of the event loop. After a turn that took long, the answer may have
      // been there for a while: it gets one look at the network more, so that our slowness does not count as the server's.
      setImmediate(() => {
        reject(new TooSlow(`no answer within ${timeoutMs} ms`));
      });
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
