import { setImmediate as giveWay } from "node:timers/promises";
import type { StateDirectory } from "../product.js";
import { notes } from "./collections.js";
import type { Session, Workload } from "./workload.js";

const mostWrites = 200;
const mostWaits = 200;

/**
 * A disk that other programs fill up while documents are written: writes are refused, deletions and the status draw on
 * what was set aside, and all goes on when there is room again.
 */
export const fullDisk: Workload = {
  name: "full-disk",
  freeBytes: 1_048_576,
  async run(session) {
    const { room } = session.process.disk;
    if (room === undefined) throw new Error("the room on this disk must be counted");
    const state = await session.open();
    for (let number = 0; number < 5; number += 1) await put(session, state, `before-${number}`);
    await state.checkpoint();
    for (let number = 5; number < 8; number += 1) await put(session, state, `before-${number}`);
    room.isTakenByOthers = true;
    await putUntilFull(session, state);
    for (const id of ["before-1", "before-6"]) {
      await state.collection(notes).delete(id);
      session.acknowledged(state);
    }
    await state.startup.report({ phase: "initializing_models", message: "on a full disk" });
    room.isTakenByOthers = false;
    await untilOpen(session, state);
    for (let number = 0; number < 3; number += 1) await put(session, state, `after-${number}`);
    await state.checkpoint();
    room.isTakenByOthers = true;
    await putUntilFull(session, state);
    await session.close(state);
    // The next one comes while it is still full, and deletes what it can.
    const next = await session.open();
    await next.collection(notes).delete("before-2");
    session.acknowledged(next);
    await session.close(next);
  },
};

async function put(session: Session, state: StateDirectory, id: string): Promise<void> {
  const body = { text: "x".repeat(300 + session.random.below(2_000)) };
  const head = await state.collection(notes).put(id, body);
  session.acknowledged(state, { collection: "notes", ...head, body });
}

async function putUntilFull(session: Session, state: StateDirectory): Promise<void> {
  for (let number = 0; number < mostWrites; number += 1) {
    try {
      await put(session, state, `filling-${number}`);
    } catch (error) {
      if ((error as { code?: unknown }).code === "STORAGE_FULL") return;
      throw error;
    }
  }
  throw new Error(`the disk took ${mostWrites} documents, and should have been full`);
}

/** Whether there is room again is looked after by the time. */
async function untilOpen({ machine }: Session, state: StateDirectory): Promise<void> {
  for (let wait = 0; wait < mostWaits; wait += 1) {
    if (state.condition.state === "open") return;
    machine.pass(1_000);
    await giveWay();
  }
  throw new Error(`there is room again, and the store is still ${state.condition.state}`);
}
