import type { RecoveryReport } from "holdfast";
import type { Account } from "./account.js";

/** What one operation does to one document; `digest` is `null` where the document is deleted. */
export interface IntendedWrite {
  readonly collection: string;
  readonly id: string;
  readonly digest: string | null;
}

/** What a writer tells on its standard output, one JSON value a line. See `test/programs/kill-writer.ts`. */
export type Telling =
  | { readonly event: "opening" }
  | { readonly event: "opened"; readonly tookMs: number; readonly recovery: RecoveryReport }
  /** It is about to ask for a commit: from here on, it may be there. */
  | { readonly event: "intending"; readonly operation: string; readonly writes: readonly IntendedWrite[] }
  /** The promise has resolved: from here on, it must be there. */
  | {
      readonly event: "acknowledged";
      readonly operation: string;
      readonly sequence?: number;
      readonly revision?: number;
    }
  | { readonly event: "account"; readonly account: Account }
  | { readonly event: "file"; readonly id: string; readonly step: "uploaded"; readonly sha256: string }
  | { readonly event: "file"; readonly id: string; readonly step: "deleting" | "deleted" }
  | { readonly event: "record"; readonly id: string; readonly step: RecordStep }
  | { readonly event: "checkpointing" | "checkpointed" | "closing" | "closed" };

export type RecordStep = "added" | "finished" | "deleting" | "deleted";
export type EventName = Telling["event"];

/** What a writer does once it has accounted for what it found. */
export const assignments = ["work", "checkpoint", "close"] as const;
export type Assignment = (typeof assignments)[number];

/** What the loop tells a writer, as one JSON value in its first argument. */
export interface WriterOrders {
  readonly directory: string;
  /** Names this life: no two have the same, and operations are named after it. */
  readonly life: number;
  readonly seed: number;
  /** The account begins behind this sequence number. */
  readonly since: number;
  readonly waitMs: number;
  readonly assignment: Assignment;
}
