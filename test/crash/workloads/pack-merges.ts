import { checkIndexes } from "./check-indexes.js";
import { ledgers, notes, packing } from "./collections.js";
import { packRecovery } from "./pack-recovery.js";
import { deleteAll, numbers, putAll } from "./many-notes.js";
import type { Workload } from "./workload.js";

const rounds = 5;

/**
 * Pack upon pack, until they merge, while writing goes on: each round replaces documents of the packs before it and
 * deletes some, so that merging drops versions and deletions.
 */
export const packMerges: Workload = {
  name: "pack-merges",
  settings: packing,
  recovery: packRecovery,
  check: checkIndexes,
  async run(session) {
    let state = await session.open();
    for (let round = 0; round < rounds; round += 1) {
      await putAll(session, state, notes, numbers(round * 3, round * 3 + 6), `round ${round}`);
      await deleteAll(session, state, [round * 3 + 1, round * 3 + 4]);
      await Promise.all([state.checkpoint(), putAll(session, state, ledgers, [round], `beside round ${round}`)]);
      session.machine.pass(10);
      if (round !== 2) continue;
      await session.close(state);
      state = await session.open();
    }
    await session.close(state);
  },
};
