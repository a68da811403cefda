import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import type { CommitRecord, Operation } from "../journal/record.js";
import { readJournal } from "../journal/read-journal.js";

/** The last thing that the journal says was done to a document. */
export interface LastOperation {
  readonly operation: Operation;
  readonly commit: CommitRecord;
}

export interface LastOperationsOptions {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly storeId: string | undefined;
  /** Commits up to this one are known to have been acknowledged; none above it is looked at. */
  readonly acknowledged: number;
  readonly wants: (collection: string, id: string) => boolean;
}

/**
 * Looks in the whole journal, what is kept behind the checkpoint included, for the last operation on each document that
 * is wanted. What is kept is the newest part of history, so the last write found there is the document's last; but only
 * if nothing behind it is missing, for that might have been a later one.
 */
export async function lastOperations({
  fileSystem,
  layout,
  storeId,
  acknowledged,
  wants,
}: LastOperationsOptions): Promise<LastOperation[]> {
  const found = new Map<string, LastOperation>();
  const { lost } = await readJournal({
    fileSystem,
    directory: layout.journal,
    storeId,
    above: undefined,
    acknowledged,
    apply: (commit) => {
      if (commit.sequence > acknowledged) return;
      for (const operation of commit.operations) {
        const collection = collectionOf(operation);
        if (wants(collection, operation.id)) found.set(`${collection}/${operation.id}`, { operation, commit });
      }
    },
  });
  const lastLost = lost.at(-1)?.last ?? 0;
  return [...found.values()].filter(({ commit }) => commit.sequence > lastLost);
}

export function collectionOf(operation: Operation): string {
  return "put" in operation ? operation.put : operation.delete;
}
