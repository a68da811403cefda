import { z } from "zod";
import { packSummarySchema } from "../packs/index.js";

/** `checkpoint.json`: up to which commit the documents are complete by themselves. */
export const checkpointSchema = z.looseObject({
  format: z.literal(1),
  storeId: z.string(),
  /** Everything up to this commit is in `collections/`; the journal is needed only above it. */
  sequence: z.int(),
  writtenAt: z.string(),
  /** What the expiry clock said: see `ExpiryClock`. Milliseconds since 1970. */
  expiryClock: z.number(),
  /** How many documents each collection has in files of their own, so that a missing file is noticed. */
  documents: z.record(z.string(), z.int()),
  /** The live packs of each collection that has any, oldest first. A pack that is not listed is no part of the state. */
  packs: z.record(
    z.string(),
    z.looseObject({
      /** How many documents they hold together; what a newer pack replaces or deletes does not count. */
      documents: z.int(),
      list: z.array(packSummarySchema),
    }),
  ),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;
