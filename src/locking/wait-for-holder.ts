import { HoldfastError } from "../errors.js";
import type { Clock } from "../files/clock.js";
import type { Claim } from "./claim.js";
import type { Judgement } from "./judge-holder.js";

const pollMs = 100;

export interface WaitOptions {
  /** The state directory, for the message. */
  readonly directory: string;
  readonly clock: Clock;
  /** How long to wait in all, in milliseconds, from `startedAt` of the clock's elapsed time. */
  readonly waitMs: number;
  readonly startedAt: number;
  readonly onWaiting: ((holder: Claim | undefined) => void) | undefined;
}

/**
 * Returns when it is worth looking again: the moment the kernel sees the holder go, or after a short while.
 *
 * @throws HoldfastError `WRITER_LOCKED` when the time is up
 */
export async function waitForHolder(
  holder: Extract<Judgement, { kind: "held" }>,
  epoch: number,
  { directory, clock, waitMs, startedAt, onWaiting }: WaitOptions,
): Promise<void> {
  try {
    const left = waitMs - (clock.elapsed() - startedAt);
    if (left <= 0) throw lockedError(holder.claim, directory, epoch);
    onWaiting?.(holder.claim);
    const pause = new Promise<void>((resolve) => setTimeout(resolve, Math.min(left, pollMs)));
    await Promise.race(holder.gone === undefined ? [pause] : [holder.gone, pause]);
  } finally {
    holder.release();
  }
}

function lockedError(claim: Claim | undefined, directory: string, epoch: number): HoldfastError {
  const holder =
    claim === undefined
      ? "a process whose claim can not be read"
      : `process ${claim.pid} on ${claim.host} since ${claim.claimedAt}`;
  return new HoldfastError(
    "WRITER_LOCKED",
    `${directory} is held by ${holder}. Stop it, wait for it, or open the directory for reading.`,
    { details: { directory, pid: claim?.pid, host: claim?.host, since: claim?.claimedAt, epoch } },
  );
}
