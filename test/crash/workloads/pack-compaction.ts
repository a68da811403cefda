import { checkIndexes } from "./check-indexes.js";
import { notes, packing } from "./collections.js";
import { packRecovery } from "./pack-recovery.js";
import { deleteAll, numbers, putAll } from "./many-notes.js";
import type { Workload } from "./workload.js";

/** Packs that nothing merges, until all are merged at once while writing, deleting and checkpoints go on. */
export const packCompaction: Workload = {
  name: "pack-compaction",
  settings: { ...packing, mergeFactor: 100 },
  async run(session) {
    const state = await session.open();
    for (let round = 0; round < 3; round += 1) {
      await putAll(session, state, notes, numbers(round * 4, round * 4 + 6), `round ${round}`);
      await deleteAll(session, state, [round * 4 + 2]);
      await state.checkpoint();
    }
    await Promise.all([
      state.compact(),
      (async () => {
        await putAll(session, state, notes, numbers(0, 6), "while all is merged");
        await deleteAll(session, state, [1, 9]);
        await state.checkpoint();
      })(),
    ]);
    await state.compact();
    await session.close(state);
  },
  recovery: packRecovery,
  check: checkIndexes,
};
