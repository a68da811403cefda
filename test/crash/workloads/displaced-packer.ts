import { PausedDisk } from "../disk/paused-disk.js";
import { checkIndexes } from "./check-indexes.js";
import { notes, packing } from "./collections.js";
import { pauseMs, turns, unlessDisplaced } from "./displaced-owner.js";
import { packRecovery } from "./pack-recovery.js";
import { deleteAll, numbers, putAll } from "./many-notes.js";
import type { Workload } from "./workload.js";

/**
 * An owner that is paused while it writes a pack or merges others, and displaced while it lives. What it was about to do
 * happens late: a pack, a list of packs, removals. Its successor moves nothing until it is gone, and merges then.
 */
export const displacedPacker: Workload = {
  name: "displaced-packer",
  settings: { ...packing, mergeFactor: 100 },
  async run(session) {
    const { machine, process, random } = session;
    const disk = new PausedDisk();
    const first = await session.open({ as: machine.through(process, disk.of(process.disk)) });
    for (let round = 0; round < 2; round += 1) {
      await putAll(session, first, notes, numbers(round * 4, round * 4 + 4), `round ${round}`);
      await deleteAll(session, first, [round]);
      await first.checkpoint();
    }
    await putAll(session, first, notes, numbers(6, 11), "on the way into a pack");
    const late = unlessDisplaced(random.chance(0.5) ? first.checkpoint() : first.compact());
    await turns(random.below(300));
    disk.pause();
    // A call that had reached the disk comes to its end.
    await turns(10);
    machine.pass(pauseMs);
    const second = await session.open({ as: machine.beside(process), settings: { takeOver: "paused" } });
    await putAll(session, second, notes, numbers(20, 25), "of the successor");
    await second.compact();
    disk.resume();
    await Promise.all([late, deleteAll(session, second, [2, 7])]);
    await first.close();
    await second.compact();
    await session.close(second);
  },
  recovery: packRecovery,
  check: checkIndexes,
};
