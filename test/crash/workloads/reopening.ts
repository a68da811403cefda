import { notes } from "./collections.js";
import type { Workload } from "./workload.js";

/** A directory that is opened, written, closed in good order, and opened again. */
export const reopening: Workload = {
  name: "reopening",
  async run(session) {
    for (const opening of ["first", "second", "third"]) {
      const state = await session.open();
      for (const id of ["kept", `of-${opening}`]) {
        const body = { text: opening.repeat(20) };
        const head = await state.collection(notes).put(id, body);
        session.acknowledged(state, { collection: "notes", ...head, body });
      }
      if (opening === "second") {
        await state.collection(notes).delete("of-first");
        session.acknowledged(state);
        await state.checkpoint();
      }
      await session.close(state);
    }
  },
};
