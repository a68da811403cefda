import type { Workload } from "./workload.js";
import { notes } from "./collections.js";

/** What a next owner does first: it opens, writes a little, and leaves. */
export const recovery: Workload = {
  name: "recovery",
  async run(session) {
    const state = await session.open();
    // Another owner may have recovered before this one, in its turn cut short.
    for (const id of [`after-${state.epoch}-1`, `after-${state.epoch}-2`]) {
      const body = { text: "written after a recovery" };
      const head = await state.collection(notes).insert(id, body);
      session.acknowledged(state, { collection: "notes", ...head, body });
    }
    await state.checkpoint();
    await session.close(state);
  },
};
