import { HoldfastError } from "../errors.js";
import type { WatchedStartupStatus } from "./startup-status.js";
import { StatusObserver } from "./status-observer.js";
import type { WatchStartupStatusOptions } from "./watch-options.js";

export interface WaitUntilReadyOptions extends WatchStartupStatusOptions {
  /** How long to wait, in milliseconds, 0 (look once) to 2,147,483,647. */
  readonly timeoutMs: number;
}

/**
 * Waits until the router serves: a living writer whose status says `ready`, which phase `degraded` does too.
 *
 * A router that is stopped, crashed or not there yet is waited for. One that reports phase `error` is not: whoever
 * waits learns it at once, even if the process is already gone again when it is seen.
 *
 * @param directory the state directory, or its `status` folder mounted alone.
 * @returns the status that was ready.
 * @throws HoldfastError `TIMEOUT` when time is out, `STARTUP_FAILED` on phase `error`, both with the last status seen in
 * `details.status`; `INVALID_CONFIG` for options out of range; the reason of `signal` if that aborts.
 */
export async function waitUntilReady(directory: string, options: WaitUntilReadyOptions): Promise<WatchedStartupStatus> {
  const { timeoutMs, signal } = options;
  if (!(timeoutMs >= 0 && timeoutMs <= 2_147_483_647)) {
    throw HoldfastError.ofProblems("INVALID_CONFIG", "Can not wait like this.", [
      { path: "/timeoutMs", message: "must be a number of milliseconds from 0 to 2147483647" },
    ]);
  }
  const observer = new StatusObserver(directory, options);
  const deadline = performance.now() + timeoutMs;
  let latest: WatchedStartupStatus | undefined;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const news = await observer.look();
      latest = news.at(-1) ?? latest;
      const failed = news.find((status) => status.phase === "error" && status.run_id === latest?.run_id);
      if (failed !== undefined) throw startupFailed(failed);
      if (latest?.ready === true) return latest;
      const remainingMs = deadline - performance.now();
      if (remainingMs <= 0) throw timedOut(directory, timeoutMs, latest, observer.problem);
      await observer.wait(remainingMs, signal);
    }
  } finally {
    observer.close();
  }
}

function startupFailed(status: WatchedStartupStatus): HoldfastError {
  const message = `The router failed to start: ${status.message ?? "it gave no reason"} (pid ${status.pid} on ${status.host}).`;
  return new HoldfastError("STARTUP_FAILED", message, { details: { status } });
}

function timedOut(
  directory: string,
  timeoutMs: number,
  status: WatchedStartupStatus | undefined,
  problem: Error | undefined,
): HoldfastError {
  const said = status?.message === undefined ? "" : `: ${status.message}`;
  const seen =
    status === undefined
      ? `There is no startup status in ${directory}`
      : `It was last seen in phase ${status.phase}${said}`;
  const hindrance = problem === undefined ? "" : ` ${problem.message}`;
  return new HoldfastError("TIMEOUT", `The router was not ready within ${timeoutMs} ms. ${seen}.${hindrance}`, {
    cause: problem,
    details: { timeoutMs, status },
  });
}
