import type { DiskEvent } from "./disk/disk-event.js";
import type { Recording } from "./recording.js";
import type { DiskHistory } from "./states/disk-history.js";

/** A place in a recording: what the disk had been asked by then, and what had been promised. */
export interface CrashPoint {
  readonly index: number;
  /** Goes on with the next point: to be used before. */
  readonly history: DiskHistory;
  readonly acknowledged: number;
  readonly issued: number;
  /** Whether the directory has been handed out to anybody. */
  readonly isOpened: boolean;
}

/** Every place between two operations, in order, those within a write or a sync among them. */
export function* crashPoints(recording: Recording): Generator<CrashPoint> {
  const { events } = recording;
  const history = recording.start.clone();
  let acknowledged = recording.acknowledgedBefore;
  let issued = recording.issuedBefore;
  let isOpened = recording.openedBefore;
  for (const [index, event] of events.entries()) {
    if (!isMark(event)) yield { index, history, acknowledged, issued, isOpened };
    if (event.kind === "acknowledged" || event.kind === "opened") {
      // What an opening has recovered was shown to readers: it must stay, as if it had been acknowledged.
      acknowledged = Math.max(acknowledged, event.sequence);
      isOpened = true;
    }
    issued = Math.max(issued, recording.issued.get(index) ?? 0);
    history.follow(event);
  }
  yield { index: events.length, history, acknowledged, issued, isOpened };
}

/** What the workload knows is no operation, and leaves the disk as it is. */
function isMark(event: DiskEvent): boolean {
  return event.kind === "acknowledged" || event.kind === "opened" || event.kind === "closed";
}
