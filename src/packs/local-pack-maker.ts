import { setImmediate as giveWay } from "node:timers/promises";
import type { FileSystem } from "../files/file-system.js";
import { mergePacks } from "./merge-packs.js";
import { entryOf } from "./pack-document.js";
import type { MergePlan, PackContent, PackMaker, PackPlan } from "./pack-maker.js";
import type { PackEntry } from "./pack-target.js";
import type { Pack } from "./pack.js";
import { Throttle } from "./throttle.js";
import { writePack } from "./write-pack.js";

const longestTurnMs = 4;

/** Makes packs on the thread that asks for them, in short turns. */
export class LocalPackMaker implements PackMaker {
  readonly #fileSystem: FileSystem;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  async write(plan: PackPlan, content: PackContent, onProgress: () => void): Promise<void> {
    let turnEnds = performance.now() + longestTurnMs;
    const pace = async (): Promise<void> => {
      onProgress();
      if (performance.now() < turnEnds) return;
      await giveWay();
      turnEnds = performance.now() + longestTurnMs;
    };
    await writePack({ ...plan, fileSystem: this.#fileSystem, pace }, entriesOf(content));
  }

  async merge(plan: PackPlan, packs: readonly Pack[], how: MergePlan, onProgress: () => void): Promise<void> {
    const { bytesPerSecond, ...options } = how;
    const throttle = new Throttle(bytesPerSecond);
    const pace = async (written: number): Promise<void> => {
      onProgress();
      // What is written was read before.
      await throttle.spend(2 * written);
    };
    await mergePacks({ ...plan, fileSystem: this.#fileSystem, pace }, packs, options);
  }

  async close(): Promise<void> {
    // It keeps nothing.
  }
}

function* entriesOf(content: PackContent): Generator<PackEntry> {
  for (const document of content) yield entryOf(document);
}
