import type { Response } from "./ledger.js";
import type { ReplayRecord } from "./readings/read-replay.js";

/** A turn whose replay record the router named to its client, which makes the record acknowledged. */
export interface RecordedTurn {
  readonly text: string;
  readonly stream: boolean;
  /** What became of the turn, as far as its client knows. */
  outcome: "under way" | "cut off" | Response;
  /** The record of a turn that was cut off, as it was first found: an end is final. */
  found?: ReplayRecord;
}

/** What the drill knows of the replay records there must be. */
export class RecordLedger {
  /** By the id of the record. */
  readonly turns = new Map<string, RecordedTurn>();
  /** Every text that was ever sent, each once, and whether its turn was to be stored. */
  readonly sent = new Map<string, { readonly store: boolean }>();
}
