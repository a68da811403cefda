import { join } from "node:path";
import { setImmediate as giveWay } from "node:timers/promises";
import { HoldfastError, type Problem } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import { ClockCache, Pack, packFileNames, verifyPack, writePack, type PackSummary } from "../packs/index.js";
import type { Checkpoint } from "../store/checkpoint-file.js";
import { tombstoneEntry } from "../store/packer.js";
import type { PackSink, Picture, PictureCollection } from "../store/picture-copy.js";
import type { BlobNaming, NamedBlob } from "./backup-blobs.js";
import type { BackupTree } from "./backup-tree.js";

/** By id: the bytes that a packed document names; `undefined` for one that names none, and for a tombstone. */
type NamedInPack = ReadonlyMap<string, NamedBlob | undefined>;

const cacheBytes = 4 * 1024 * 1024;
const mostProblems = 100;

/** The packs of a backup: whole copies, each of which is read and checked once it is there. */
export class BackupPacks implements PackSink {
  readonly #fileSystem: FileSystem;
  readonly #tree: BackupTree;
  readonly #storeId: string;
  readonly #naming: BlobNaming | undefined;
  readonly #cache = new ClockCache(cacheBytes);
  /** By the path of the pack in the backup. */
  readonly #named = new Map<string, NamedInPack>();

  constructor(fileSystem: FileSystem, tree: BackupTree, storeId: string, naming: BlobNaming | undefined) {
    this.#fileSystem = fileSystem;
    this.#tree = tree;
    this.#storeId = storeId;
    this.#naming = naming;
  }

  /** @throws HoldfastError `CORRUPT` if the pack is damaged, with everything that is wrong with it in `problems` */
  async putPack(collection: string, pack: Pack): Promise<void> {
    const paths = pathsOf(collection, pack.summary);
    // From the open files: their names are the owner's to remove.
    await this.#tree.copyOpen(paths.pack, pack.lines);
    await this.#tree.copyOpen(paths.index, pack.index);
    const { lo, hi } = pack.summary;
    const directory = join(this.#tree.root, folderOf(collection));
    const options = { fileSystem: this.#fileSystem, directory, storeId: this.#storeId, collection, lo, hi };
    const copy = await Pack.open({ ...options, cache: this.#cache });
    try {
      await check(copy, pack.path);
      this.#named.set(paths.pack, await this.#namedIn(collection, copy));
    } finally {
      await copy.retire();
    }
  }

  async removePack(collection: string, { summary }: Pack): Promise<void> {
    const paths = pathsOf(collection, summary);
    await this.#tree.remove(paths.pack);
    await this.#tree.remove(paths.index);
    this.#named.delete(paths.pack);
  }

  /** The bytes that the documents of a picture name which are in packs, and have no newer version. */
  *named({ collections }: Picture): Generator<NamedBlob> {
    for (const { name, packs, versions, deletions } of collections) {
      if (this.#naming?.has(name) !== true) continue;
      const newest = new Map<string, NamedBlob | undefined>();
      for (const { summary } of packs.packs) {
        for (const [id, blob] of this.#named.get(pathsOf(name, summary).pack) ?? []) newest.set(id, blob);
      }
      for (const { id } of [...versions, ...deletions]) newest.delete(id);
      for (const blob of newest.values()) if (blob !== undefined) yield blob;
    }
  }

  /**
   * Writes what the packs do not know yet: that documents of theirs have been deleted, which only a newer pack can say.
   *
   * @returns the packs as the checkpoint of the backup lists them.
   */
  async complete({ sequence, collections }: Picture): Promise<Checkpoint["packs"]> {
    const listed: Checkpoint["packs"] = {};
    for (const collection of collections) {
      const { name, packs, deletions } = collection;
      if (packs.packs.length === 0) continue;
      const list = packs.packs.map(({ summary }) => ({ ...summary }));
      if (deletions.length > 0) list.push({ ...(await this.#writeDeletions(collection, sequence)) });
      listed[name] = { documents: packs.documents - deletions.length, list };
    }
    return listed;
  }

  async #writeDeletions({ name, packs, deletions }: PictureCollection, hi: number): Promise<PackSummary> {
    const newest = packs.packs.at(-1) as Pack;
    const lo = newest.summary.hi + 1;
    const sorted = [...deletions].sort((left, right) => (left.id < right.id ? -1 : 1));
    const summary = await writePack(
      {
        fileSystem: this.#fileSystem,
        directory: join(this.#tree.root, folderOf(name)),
        storeId: this.#storeId,
        collection: name,
        lo,
        hi,
        columns: newest.columns,
        pace: () => giveWay(),
      },
      sorted.map((version) => tombstoneEntry(name, version)),
    );
    const paths = pathsOf(name, { lo, hi });
    await this.#tree.include(paths.pack);
    await this.#tree.include(paths.index);
    return summary;
  }

  async #namedIn(collection: string, pack: Pack): Promise<NamedInPack> {
    const named = new Map<string, NamedBlob | undefined>();
    const name = this.#naming?.get(collection);
    if (name === undefined) return named;
    for await (const { place, line } of pack.documents({ pace: () => giveWay() })) {
      named.set(place.id, place.deleted ? undefined : name(JSON.parse(pack.decode(place, line).body)));
    }
    return named;
  }
}

/** A copy of what is damaged would be a backup that a restore refuses, when it is too late. */
async function check(copy: Pack, source: string): Promise<void> {
  const problems: Problem[] = [];
  let count = 0;
  await verifyPack(
    copy,
    ({ detail }) => {
      count += 1;
      if (problems.length < mostProblems) problems.push({ path: source, message: detail });
    },
    () => giveWay(),
  );
  if (count === 0) return;
  throw HoldfastError.ofProblems(
    "CORRUPT",
    `${source} can not be backed up: it is damaged (${count} problems). Run \`holdfast verify\` on the state directory.`,
    problems,
    { details: { path: source } },
  );
}

function folderOf(collection: string): string {
  return `collections/${collection}/packs`;
}

function pathsOf(collection: string, { lo, hi }: Pick<PackSummary, "lo" | "hi">): { pack: string; index: string } {
  const { pack, index } = packFileNames(lo, hi);
  return { pack: `${folderOf(collection)}/${pack}`, index: `${folderOf(collection)}/${index}` };
}
