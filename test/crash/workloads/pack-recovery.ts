import { notes } from "./collections.js";
import { numbers, putAll } from "./many-notes.js";
import type { Workload } from "./workload.js";

const removed = 3;

/**
 * What a next owner does where there are packs: it deletes documents that it finds, whose files an owner before may have
 * removed in doubt, writes a pack of its own, and merges all, which drops what says that they were deleted.
 */
export const packRecovery: Pick<Workload, "name" | "run"> = {
  name: "pack-recovery",
  async run(session) {
    const state = await session.open();
    const { documents } = await state.collection(notes).list({ limit: removed });
    for (const { id } of documents) {
      await state.collection(notes).delete(id);
      session.acknowledged(state);
    }
    const from = 100 * state.epoch;
    await putAll(session, state, notes, numbers(from, from + 4), "after a recovery");
    await state.checkpoint();
    await state.compact();
    await session.close(state);
  },
};
