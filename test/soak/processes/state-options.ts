/** A journal that turns over within the shortest run: a checkpoint every megabyte, and little kept behind it. */
export const journalOptions = {
  checkpointBytes: 1024 * 1024,
  journalRetainBytes: 4 * 1024 * 1024,
} as const;

/**
 * Packs as early, and merges as often, as can be, so that collections of some dozens of documents go through all that
 * large ones do: every checkpoint writes packs, and each few of them are merged.
 */
export const packOptions = { packAtDocuments: 4, looseLimit: 4, mergeFactor: 2 } as const;

/** The same for a service. */
export const stateEnvironment = {
  HOLDFAST_JOURNAL_CHECKPOINT_BYTES: String(journalOptions.checkpointBytes),
  HOLDFAST_JOURNAL_RETAIN_BYTES: String(journalOptions.journalRetainBytes),
  HOLDFAST_PACKS_AT_DOCUMENTS: String(packOptions.packAtDocuments),
  HOLDFAST_PACKS_LOOSE_LIMIT: String(packOptions.looseLimit),
  HOLDFAST_PACKS_MERGE_FACTOR: String(packOptions.mergeFactor),
} as const;
