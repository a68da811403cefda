import { join } from "node:path";
import { entriesIfPresent } from "../files/entries-if-present.js";
import type { FileSystem } from "../files/file-system.js";
import { isTemporaryName } from "../files/temporary-name.js";
import { parsePackName, type Pack } from "../packs/index.js";
import { PackSet } from "./pack-set.js";

/** The commits that a pack covers; they are its name. */
export interface PackRange {
  readonly lo: number;
  readonly hi: number;
}

export interface FoundPacks {
  /** Those whose lines are there, whether or not a checkpoint lists them. */
  readonly packs: readonly PackRange[];
  /** Every file of a pack, indexes included. */
  readonly files: readonly (PackRange & { readonly path: string })[];
  readonly foreign: readonly string[];
  readonly temporary: readonly string[];
}

/** Looks what is in the folder of a collection's packs, if there is one. */
export async function findPacks(fileSystem: FileSystem, directory: string): Promise<FoundPacks> {
  const packs: PackRange[] = [];
  const files: (PackRange & { path: string })[] = [];
  const foreign: string[] = [];
  const temporary: string[] = [];
  for (const { name, kind } of await entriesIfPresent(fileSystem, directory)) {
    const path = join(directory, name);
    const parsed = kind === "file" ? parsePackName(name) : undefined;
    if (isTemporaryName(name)) temporary.push(path);
    else if (parsed === undefined) foreign.push(path);
    else {
      const { lo, hi } = parsed;
      files.push({ path, lo, hi });
      if (parsed.kind === "pack") packs.push({ lo, hi });
    }
  }
  return { packs, files, foreign, temporary };
}

/**
 * The live packs where no checkpoint can say it: a pack whose range lies within that of another was merged into it, and
 * would bring back what the merge left out. Oldest first.
 */
export function newestRanges(packs: readonly PackRange[]): PackRange[] {
  return packs
    .filter(({ lo, hi }) => !packs.some((other) => other.lo <= lo && other.hi >= hi && other.hi - other.lo > hi - lo))
    .sort((left, right) => left.lo - right.lo);
}

/** Counts, from the indexes, how many documents packs hold together. */
export function countPacked(packs: readonly Pack[]): number {
  const set = new PackSet(packs, 0);
  let documents = 0;
  for (const [position, pack] of packs.entries()) {
    const { documents: living, tombstones } = pack.summary;
    for (let ordinal = 0; ordinal < living + tombstones; ordinal += 1) {
      const { id, deleted } = pack.at(ordinal);
      if (!deleted && !set.isReplaced(position, id)) documents += 1;
    }
  }
  return documents;
}
