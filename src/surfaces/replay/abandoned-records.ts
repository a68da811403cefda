import type { Reconciliation, Store } from "../../collections/index.js";
import { finish } from "./apply-changes.js";
import type { CombinedOperations } from "./combined-operations.js";
import { bodyOf } from "./prepare-record.js";
import { replayRecordsCollection, type StoredReplayBody } from "./replay-document.js";
import type { RemovalOptions } from "./removal.js";

const recordsPerPage = 200;
const mostIdsTold = 100;

export interface Abandonment {
  /** An equality that narrows down the records under way. */
  readonly where?: Readonly<Record<string, string>>;
  /** Whether nobody is left who would end this record. Asked again in the transaction that ends it. */
  readonly isAbandoned: (body: StoredReplayBody) => boolean;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Ends the records under way that nobody else will end. Each goes by the one transition, so a recorder that speaks up
 * at the last moment wins or finds its record ended; and a crash on the way leaves records that are found again.
 *
 * @returns what was done; nothing if there was nothing to do.
 */
export async function abortAbandoned(
  store: Store,
  operations: CombinedOperations,
  { where = {}, isAbandoned, reason, now }: Abandonment,
  { signal }: RemovalOptions = {},
): Promise<Reconciliation[]> {
  const aborted: string[] = [];
  let after: { value: string; id: string } | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const page = await store.collection(replayRecordsCollection).list({
      where: { lifecycle_state: "in_progress", ...where },
      limit: recordsPerPage,
      ...(after === undefined ? {} : { after }),
    });
    const found = page.documents.filter(({ body }) => isAbandoned(body));
    const ended = await Promise.all(
      found.map(({ id }) =>
        operations.write(async (batch) => {
          const stored = await batch.find(id);
          if (stored === undefined || !isAbandoned(stored.body)) return false;
          const record = { ...stored.body.record };
          if (!finish(record, "aborted", reason, now())) return false;
          await batch.write(id, bodyOf(record, stored.body), stored.body);
          return true;
        }),
      ),
    );
    aborted.push(...found.filter((_, index) => ended[index]).map(({ id }) => id));
    const last = page.documents.at(-1);
    if (!page.hasMore || last === undefined) break;
    after = { value: last.body.order_key, id: last.id };
  }
  if (aborted.length === 0) return [];
  const ids = aborted.slice(0, mostIdsTold);
  return [{ surface: "replay", action: "aborted", reason, count: aborted.length, ids }];
}
