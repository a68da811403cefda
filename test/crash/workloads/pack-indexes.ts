import { checkIndexes } from "./check-indexes.js";
import { formerNotes, ledgers, notes, packing, probes } from "./collections.js";
import { packRecovery } from "./pack-recovery.js";
import { deleteAll, numbers, putAll } from "./many-notes.js";
import type { Workload } from "./workload.js";

/**
 * Packs that were written under another definition of their collection: what was indexed by one value is to be listed by
 * another, while packs are written and merged.
 */
export const packIndexes: Workload = {
  name: "pack-indexes",
  settings: packing,
  async run(session) {
    const former = await session.open({ settings: { collections: [formerNotes, ledgers, probes], mergeFactor: 100 } });
    for (let round = 0; round < 3; round += 1) {
      await putAll(session, former, formerNotes, numbers(round * 4, round * 4 + 5), `round ${round}`);
      await former.checkpoint();
    }
    await session.close(former);
    const state = await session.open();
    await putAll(session, state, notes, numbers(2, 8), "under the new definition");
    await deleteAll(session, state, [0, 3]);
    await state.checkpoint();
    await state.collection(notes).list({ where: { tag: "red" } });
    await session.close(state);
  },
  recovery: packRecovery,
  check: checkIndexes,
};
