import { join, relative } from "node:path";
import { packFileNames, rebuildIndex } from "../packs/index.js";
import { countPacked } from "./find-packs.js";
import { storedKeys } from "./index-keys.js";
import type { LoadedState } from "./loaded-state.js";
import type { DamagedPack } from "./open-listed-pack.js";
import { PackSet } from "./pack-set.js";
import type { Quarantine } from "./quarantine.js";
import type { RepairOutcome } from "./repair.js";
import { salvagePack, type SalvageParts } from "./salvage-pack.js";

export interface PackRepairParts extends SalvageParts {
  readonly quarantine: Quarantine;
}

/**
 * Puts damaged packs in order on the disk: an index is written anew; of damaged lines, what can be read is kept; what can
 * not be used at all is set aside. Whatever could not be read is in the quarantine by then.
 */
export async function repairPacks(
  parts: PackRepairParts,
  loaded: LoadedState,
): Promise<Pick<RepairOutcome, "damage" | "lostDocuments">> {
  const damage: RepairOutcome["damage"] = [];
  const lostDocuments: RepairOutcome["lostDocuments"] = [];
  for (const damaged of loaded.damagedPacks) {
    const { collection, path, error, lost } = damaged;
    const quarantined = await repairPack(parts, loaded, damaged);
    damage.push({
      file: relative(parts.layout.root, path),
      kind: "pack",
      detail: error.message,
      ...(quarantined === undefined ? {} : { quarantined }),
      repaired: lost.length === 0 && damaged.unknown !== undefined,
    });
    lostDocuments.push(...lost.map((id) => ({ collection, id })));
  }
  return { damage, lostDocuments };
}

/** @returns where its bytes were set aside, if they were. */
async function repairPack(
  parts: PackRepairParts,
  loaded: LoadedState,
  damaged: DamagedPack,
): Promise<string | undefined> {
  const { fileSystem, layout, quarantine, storeId } = parts;
  const { collection, range, path, error, fault, pack } = damaged;
  const state = loaded.states.get(collection);
  const directory = layout.packs(collection);
  if (fault === "index" && state !== undefined) {
    const { columns, definition } = state;
    const target = { fileSystem, directory, storeId, collection, ...range, columns, pace: () => undefined };
    await rebuildIndex(target, ({ envelope, body }) => storedKeys(definition, envelope, body));
    return undefined;
  }
  if (pack !== undefined && state !== undefined) {
    const isThere = (await fileSystem.status(path)) !== undefined;
    // It keeps its name until what can be read of it has taken that: a crash in between leaves it to the next recovery.
    const quarantined = isThere ? await quarantine.link(path, "pack-damaged", error.message) : undefined;
    const salvaged = await salvagePack(parts, state, pack, new Set(damaged.unreadable));
    const packs = state.packs.packs.map((other) => (other === pack ? salvaged : other));
    state.salvage(new PackSet(packs, countPacked(packs)));
    await pack.retire();
    return quarantined;
  }
  let quarantined: string | undefined;
  const names = packFileNames(range.lo, range.hi);
  for (const name of [names.index, names.pack]) {
    const file = join(directory, name);
    if ((await fileSystem.status(file)) === undefined) continue;
    quarantined = await quarantine.move(file, "pack-damaged", error.message);
  }
  return quarantined;
}
