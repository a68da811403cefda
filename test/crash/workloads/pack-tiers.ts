import { checkIndexes } from "./check-indexes.js";
import { notes, packing } from "./collections.js";
import { packRecovery } from "./pack-recovery.js";
import { deleteAll, numbers, putAll } from "./many-notes.js";
import type { Session, Workload } from "./workload.js";
import type { StateDirectory } from "../product.js";

/** More than the packs may have that count as the smallest. */
const largeBytes = 300 * 1024;

/**
 * A pack too large to be merged with the small ones above it: these merge among themselves, and go on saying what was
 * deleted of the large one.
 */
export const packTiers: Workload = {
  name: "pack-tiers",
  settings: { ...packing, firstSegmentBytes: 1_048_576, segmentBytes: 1_048_576 },
  async run(session) {
    const state = await session.open();
    await putLarge(session, state);
    await putAll(session, state, notes, numbers(0, 5), "beside the large one");
    await state.checkpoint();
    for (let round = 1; round < 4; round += 1) {
      await putAll(session, state, notes, numbers(round * 4, round * 4 + 5), `round ${round}`);
      await deleteAll(session, state, [round]);
      await state.checkpoint();
    }
    await session.close(state);
  },
  recovery: packRecovery,
  check: checkIndexes,
};

async function putLarge(session: Session, state: StateDirectory): Promise<void> {
  const body = { text: "x".repeat(largeBytes), tag: "red" };
  const head = await state.collection(notes).put("large", body);
  session.acknowledged(state, { collection: "notes", ...head, body });
}
