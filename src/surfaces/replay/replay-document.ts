import { z } from "zod";
import { defineCollection, type Document, type DocumentHead } from "../../collections/index.js";
import { capturePolicySchema, type CapturePolicy } from "./capture-policy.js";
import { replayRecordSchema, type ReplayRecord } from "./replay-record.js";

/** Another process that records through this store, over the service. */
export const recorderSchema = z.looseObject({
  /** Stays over its restarts. */
  name: z.string().min(1).max(256),
  /** New with each of its starts. */
  run: z.string().min(1).max(256),
});
export type Recorder = z.infer<typeof recorderSchema>;

export const degradations = ["bodies", "tool_text"] as const;

/** The body of a document in the collection `replay_records`: one record, whole, with what is known of it besides. */
export const storedReplaySchema = z.looseObject({
  record: replayRecordSchema,
  /** The record's `timestamp` in a form whose order as text is the order in time. Listings go by it. */
  order_key: z.string(),
  /** The decision as statistics name it, beside the plain name: see `decision-key.ts`. */
  decision_key: z.string().optional(),
  /** The cell of the counters that this record is counted in. */
  cell: z.string(),
  policy: capturePolicySchema,
  /** The process that owned the store when the record was added. */
  run: z.string(),
  /** The remote process that recorded it, if one did; then its life counts, not that of `run`. */
  recorder: recorderSchema.optional(),
  /** The size of `record` as JSON, in bytes of UTF-8. */
  bytes: z.int(),
  /** What had to go so that the record stays within its policy's `max_record_bytes`. */
  degraded: z.array(z.enum(degradations)).optional(),
  /** When its recorder last wrote to it. ISO 8601. */
  touched_at: z.string(),
});
export type StoredReplayBody = z.infer<typeof storedReplaySchema>;

/**
 * Expiry is not left to the store: it would remove a record and leave it counted. So records have no `expiresAt`, and
 * what has outlived its retention is removed by transactions that take it out of the counters too (`removal.ts`).
 */
export const replayRecordsCollection = defineCollection<StoredReplayBody>({
  name: "replay_records",
  schema: storedReplaySchema,
  order: { path: "order_key" },
  indexes: {
    session_id: { path: "record.session_id" },
    request_id: { path: "record.request_id" },
    recipe: { path: "record.recipe" },
    decision: { path: "record.decision" },
    decision_key: { path: "decision_key" },
    selected_model: { path: "record.selected_model" },
    original_model: { path: "record.original_model" },
    from_cache: { path: "record.from_cache" },
    streaming: { path: "record.streaming" },
    lifecycle_state: { path: "record.lifecycle_state" },
    cell: { path: "cell" },
    run: { path: "run" },
    recorder: { path: "recorder.name" },
  },
});

/** A record as it is stored. */
export interface StoredReplayRecord extends DocumentHead {
  readonly record: ReplayRecord;
  readonly policy: CapturePolicy;
  /** The size of `record` as JSON, in bytes of UTF-8. */
  readonly bytes: number;
  readonly run: string;
  readonly recorder?: Recorder;
  readonly degraded?: readonly (typeof degradations)[number][];
}

export function storedRecordOf({ body, ...head }: Document<StoredReplayBody>): StoredReplayRecord {
  const { record, policy, bytes, run, recorder, degraded } = body;
  return {
    ...head,
    record,
    policy,
    bytes,
    run,
    ...(recorder === undefined ? {} : { recorder }),
    ...(degraded === undefined ? {} : { degraded }),
  };
}
