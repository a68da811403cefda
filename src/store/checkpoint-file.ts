import { z } from "zod";

/** `checkpoint.json`: up to which commit the documents are complete by themselves. */
export const checkpointSchema = z.looseObject({
  format: z.literal(1),
  storeId: z.string(),
  /** Everything up to this commit is in `collections/`; the journal is needed only above it. */
  sequence: z.int(),
  writtenAt: z.string(),
  /** What the expiry clock said: see `ExpiryClock`. Milliseconds since 1970. */
  expiryClock: z.number(),
  /** How many documents each collection has, so that a missing file is noticed. */
  documents: z.record(z.string(), z.int()),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;
