import { setImmediate as giveWay } from "node:timers/promises";
import { PausedDisk } from "../disk/paused-disk.js";
import type { StateDirectory } from "../product.js";
import { notes } from "./collections.js";
import type { Session, Workload } from "./workload.js";

/** More than the sign of life of an owner may be old. */
export const pauseMs = 60_000;

/**
 * An owner that is paused in the middle of its work, and displaced while it lives. When it goes on, what it was about to
 * do to the disk still happens, late, beside what its successor does: writes to its segment, a checkpoint, removals.
 */
export const displacedOwner: Workload = {
  name: "displaced-owner",
  async run(session) {
    const { machine, process, random } = session;
    const disk = new PausedDisk();
    const first = await session.open({ as: machine.through(process, disk.of(process.disk)) });
    for (let number = 0; number < 4; number += 1) await put(session, first, `before-${number}`);
    const late = [
      ...[1, 2, 3].map((number) => unlessDisplaced(put(session, first, `late-${number}`))),
      unlessDisplaced(put(session, first, "before-1")),
      unlessDisplaced(first.checkpoint()),
    ];
    await turns(random.below(40));
    disk.pause();
    // A call that had reached the disk comes to its end.
    await turns(10);
    machine.pass(pauseMs);
    const second = await session.open({ as: machine.beside(process), settings: { takeOver: "paused" } });
    for (let number = 0; number < 2; number += 1) await put(session, second, `after-${number}`);
    await turns(random.below(20));
    disk.resume();
    await Promise.all([
      ...late,
      (async () => {
        for (let number = 2; number < 6; number += 1) await put(session, second, `after-${number}`);
        await second.collection(notes).delete("before-2");
        session.acknowledged(second);
      })(),
    ]);
    await first.close();
    await second.checkpoint();
    await put(session, second, "last");
    await session.close(second);
  },
};

async function put(session: Session, state: StateDirectory, id: string): Promise<void> {
  const body = { text: `epoch ${state.epoch} ${"x".repeat(session.random.below(900))}` };
  const head = await state.collection(notes).put(id, body);
  session.acknowledged(state, { collection: "notes", ...head, body });
}

/** One who was displaced is told so, or finds that what it had half written has been tidied up. */
export async function unlessDisplaced(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const { code, cause } = error as { readonly code?: unknown; readonly cause?: { readonly code?: unknown } };
    if (code !== "WRITER_FENCED" && cause?.code !== "ENOENT") throw error;
  }
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await giveWay();
}
