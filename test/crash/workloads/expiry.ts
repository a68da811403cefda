import { notes } from "./collections.js";
import type { Workload } from "./workload.js";

const sweepMs = 1_000;
/** Longer than a reboot takes: what has not expired at the crash has not afterwards. */
const longMs = 24 * 60 * 60 * 1_000;

/** Documents that expire and are swept while others are written. */
export const expiry: Workload = {
  name: "expiry",
  settings: { sweepMs },
  async run(session) {
    const { machine } = session;
    const state = await session.open();
    const collection = state.collection(notes);
    for (let round = 0; round < 4; round += 1) {
      for (const [id, lifeMs] of [
        [`short-${round}`, 500],
        [`long-${round}`, longMs],
      ] as const) {
        const body = { text: id };
        const expiresAt = new Date(machine.now() + lifeMs);
        const head = await collection.put(id, body, { expiresAt });
        session.acknowledged(state, { collection: "notes", ...head, body });
      }
      machine.pass(sweepMs);
      const body = { text: "does not expire", count: round };
      const head = await collection.put("lasting", body);
      session.acknowledged(state, { collection: "notes", ...head, body });
      if (round === 2) await state.checkpoint();
    }
    await session.close(state);
  },
};
