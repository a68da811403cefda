import type { WatchedStartupStatus } from "./startup-status.js";
import { StatusObserver } from "./status-observer.js";
import { checkWatchOptions, type WatchStartupStatusOptions } from "./watch-options.js";

/**
 * Follows the startup status of a router from another process, or from the same.
 *
 * Yields where things stand, then every phase once and in order, over any number of restarts, and every change within a
 * phase, of which a burst may be merged into its last. It may start before the directory exists; then it reports from
 * the first phase on. A run that ends without saying so is reported once, as phase `stopped`, not `ready`, `stale`: as
 * soon as its socket closes on the same host (milliseconds), elsewhere once `heartbeatBoundMs` has passed since its last
 * sign of life. A phase that was missed is reported late, `superseded`. Only what the file no longer remembers, 200
 * transitions back, is lost on a consumer that is slower than that.
 *
 * A `startup.json` that is damaged, foreign or unreadable is never taken for absence and never ends the watch: it is
 * said through `onWarning`, the last good status stays in force, and its writer stays watched.
 *
 * @param directory the state directory, or its `status` folder mounted alone, under any name.
 * @returns ends when `signal` aborts. Each iteration is a watch of its own.
 * @throws HoldfastError `INVALID_CONFIG` at once, with every problem of the options listed.
 */
export function watchStartupStatus(
  directory: string,
  options: WatchStartupStatusOptions = {},
): AsyncIterable<WatchedStartupStatus> {
  checkWatchOptions(directory, options);
  return { [Symbol.asyncIterator]: () => follow(directory, options) };
}

async function* follow(directory: string, options: WatchStartupStatusOptions): AsyncGenerator<WatchedStartupStatus> {
  const { signal } = options;
  const observer = new StatusObserver(directory, options);
  try {
    while (signal?.aborted !== true) {
      for (const status of await observer.look()) {
        yield status;
        if (isAborted(signal)) return;
      }
      await observer.wait(Infinity, signal);
    }
  } finally {
    observer.close();
  }
}

/** Asked by a call, since the answer changes while the consumer has the turn. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
