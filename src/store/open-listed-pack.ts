import { join } from "node:path";
import { HoldfastError, isHoldfastError } from "../errors.js";
import { isAbsent } from "../files/node-file-system.js";
import { openRebuilt, Pack, packFileNames, type OpenPackOptions, type PackSummary } from "../packs/index.js";
import type { CollectionState } from "./collection-state.js";
import type { PackRange } from "./find-packs.js";
import { storedKeys } from "./index-keys.js";

/** A pack that is part of the state and can not be used as it is. */
export interface DamagedPack {
  readonly collection: string;
  readonly range: PackRange;
  /** Its file of lines. */
  readonly path: string;
  readonly error: HoldfastError;
  /**
   * `index`: made anew from the lines, which are the right ones; nothing is lost. `lines`: the index is whole, and tells
   * which documents nothing can be read of. `both`: nothing is used of it.
   */
  readonly fault: "index" | "lines" | "both";
  /** What is used of it for now. */
  readonly pack: Pack | undefined;
  /** The documents that can not be read, where the index tells. */
  readonly unreadable: readonly string[];
  /** How many documents it had, where nobody knows which; `undefined` if nobody knows that either. */
  readonly unknown: number | undefined;
}

/** A range of commits, and what the checkpoint says of the pack; without a checkpoint, nothing. */
export type ListedPack = PackRange & Partial<PackSummary>;

/**
 * Opens a pack as well as can be. Of its two files the one tells what is wrong with the other: a whole index says which
 * lines there should be, and the checksum in the checkpoint says whether lines are the right ones, and all of them.
 *
 * @param isIndexTrusted whether the index is tried at all.
 * @returns the pack if nothing is wrong with it, as far as opening tells.
 * @throws HoldfastError `UNSUPPORTED_FORMAT`, `STORAGE_FAILED`; the system's own error if a file can not be opened: an
 * outage is no damage.
 */
export async function openListedPack(
  options: OpenPackOptions,
  state: CollectionState,
  listed: ListedPack,
  isIndexTrusted: boolean,
): Promise<Pack | DamagedPack> {
  const { collection, directory, lo, hi } = options;
  const path = join(directory, packFileNames(lo, hi).pack);
  const whole = isIndexTrusted ? await damageOf(() => Pack.open(options)) : damagedIndex(path);
  if (whole instanceof Pack) return whole;
  const damage = { collection, range: { lo, hi }, path, error: typed(whole, path) };
  if (isIndexTrusted) {
    const pack = await damageOf(() => Pack.open({ ...options, acceptAnyLines: true }));
    if (pack instanceof Pack)
      return { ...damage, fault: "lines", pack, unreadable: await unreadableOf(pack), unknown: 0 };
  }
  // Where no checkpoint vouches for the lines, only an index can say that they are not another directory's.
  const isForeign = isHoldfastError(whole, "CORRUPT") && whole.details["member"] === "storeId";
  const rebuilt = isForeign && listed.packChecksum === undefined ? whole : await rebuild(options, state, listed);
  if (rebuilt instanceof Pack) return { ...damage, fault: "index", pack: rebuilt, unreadable: [], unknown: 0 };
  return { ...damage, fault: "both", pack: undefined, unreadable: [], unknown: listed.documents };
}

async function rebuild(options: OpenPackOptions, state: CollectionState, listed: ListedPack): Promise<unknown> {
  const { definition, columns } = state;
  return await damageOf(async () => {
    const pack = await openRebuilt({
      ...options,
      columns,
      keysOf: ({ envelope, body }) => storedKeys(definition, envelope, body),
    });
    if (listed.packChecksum === undefined || listed.packChecksum === pack.summary.packChecksum) return pack;
    await pack.retire();
    throw new HoldfastError("CORRUPT", `${pack.path} does not have the lines that the checkpoint lists.`, {
      details: { path: pack.path },
    });
  });
}

/** @returns what was opened, or the error if it tells of damage. @throws every other error. */
async function damageOf(open: () => Promise<Pack>): Promise<unknown> {
  try {
    return await open();
  } catch (error) {
    if (isHoldfastError(error, "CORRUPT") || isAbsent(error)) return error;
    throw error;
  }
}

/** Reads every line of a pack whose file of lines is known to be damaged. */
async function unreadableOf(pack: Pack): Promise<string[]> {
  const unreadable: string[] = [];
  const { documents, tombstones } = pack.summary;
  for (let ordinal = 0; ordinal < documents + tombstones; ordinal += 1) {
    const place = pack.at(ordinal);
    if (!place.deleted && !(await pack.canRead(place))) unreadable.push(place.id);
  }
  return unreadable;
}

function damagedIndex(path: string): HoldfastError {
  return new HoldfastError("CORRUPT", `The index of ${path} is damaged.`, { details: { path } });
}

function typed(error: unknown, path: string): HoldfastError {
  if (isHoldfastError(error)) return error;
  return new HoldfastError("CORRUPT", `${path} is missing, or its index is.`, { cause: error, details: { path } });
}
