import type { DiskEvent } from "./disk/disk-event.js";
import type { Truth } from "./checks/truth.js";
import type { Recording } from "./recording.js";
import type { DiskHistory } from "./states/disk-history.js";

/** A place in a recording: what the disk had been asked by then, and what had been promised. */
export interface CrashPoint {
  readonly index: number;
  /** Goes on with the next point: to be used before. */
  readonly history: DiskHistory;
  readonly truth: Truth;
  readonly acknowledged: number;
  readonly issued: number;
  /** Whether the directory has been handed out to anybody. */
  readonly isOpened: boolean;
}

/** Every place between two operations, in order, those within a write or a sync among them. */
export function* crashPoints(recording: Recording): Generator<CrashPoint> {
  const { events, truth } = recording;
  const history = recording.start.clone();
  let acknowledged = recording.acknowledgedBefore;
  let isOpened = recording.openedBefore;
  const at = (index: number): CrashPoint => ({
    index,
    history,
    truth: truth.before(index),
    acknowledged,
    issued: truth.issuedBefore(index),
    isOpened,
  });
  for (const [index, event] of events.entries()) {
    if (!isMark(event)) yield at(index);
    if (event.kind === "acknowledged" || event.kind === "opened") {
      // What an opening has recovered was shown to readers: it must stay, as if it had been acknowledged.
      acknowledged = Math.max(acknowledged, event.sequence);
      isOpened = true;
    }
    history.follow(event);
  }
  yield at(events.length);
}

/** What the workload knows is no operation, and leaves the disk as it is. */
function isMark(event: DiskEvent): boolean {
  return event.kind === "acknowledged" || event.kind === "opened" || event.kind === "closed";
}
