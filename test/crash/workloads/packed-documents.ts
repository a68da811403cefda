import { checkIndexes } from "./check-indexes.js";
import { ledgers, notes, packing } from "./collections.js";
import { deleteAll, numbers, putAll } from "./many-notes.js";
import { packRecovery } from "./pack-recovery.js";
import type { Workload } from "./workload.js";

/**
 * Documents enough to be packed, in two collections: inserted, packed, changed and deleted where they lie in a pack, put
 * again after their deletion, and a few that stay loose; the directory is opened again in between.
 */
export const packedDocuments: Workload = {
  name: "packed-documents",
  settings: packing,
  recovery: packRecovery,
  check: checkIndexes,
  async run(session) {
    const first = await session.open();
    await Promise.all([
      putAll(session, first, notes, numbers(0, 10), "first"),
      putAll(session, first, ledgers, numbers(0, 5), "first"),
    ]);
    await first.checkpoint();
    // Changes of what is packed: too few for a pack, so they lie loose above it.
    await putAll(session, first, notes, [1, 4], "changed");
    await deleteAll(session, first, [2, 5]);
    await first.checkpoint();
    // Changes enough for a pack above the pack, with the deletions in it.
    await putAll(session, first, notes, [0, 3, 5, 6, 7, 11], "packed again");
    await deleteAll(session, first, [8, 9, 1]);
    await session.close(first);
    const second = await session.open();
    await putAll(session, second, notes, [2, 8], "after a deletion");
    await deleteAll(session, second, [0]);
    await second.checkpoint();
    await session.close(second);
  },
};
