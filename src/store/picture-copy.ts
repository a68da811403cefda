import { HoldfastError } from "../errors.js";
import type { Envelope } from "../documents/envelope.js";
import type { Pack } from "../packs/index.js";
import type { CollectionState } from "./collection-state.js";
import type { OpenedReader } from "./open-reader.js";
import { PackSet } from "./pack-set.js";
import { envelopeOf, type Version } from "./version.js";

/** Where a picture is put together. Calls for different documents may overlap; those for one document never do. */
export interface PictureSink {
  /** Takes a document, in the place of an earlier version of it if there was one. */
  put(envelope: Envelope, body: string): Promise<void>;
  /** Forgets a document that was put before. */
  remove(collection: string, id: string): Promise<void>;
}

/** Takes packs whole, which never change and stay readable until the {@link PictureCopy} is disposed of. */
export interface PackSink {
  putPack(collection: string, pack: Pack): Promise<void>;
  /** Forgets a pack that was put before: another has taken its place. */
  removePack(collection: string, pack: Pack): Promise<void>;
}

/** All documents as of one commit: those of the sink, and no others. */
export interface Picture {
  readonly sequence: number;
  /** What the expiry clock said, in milliseconds since 1970. */
  readonly expiryClock: number;
  /** Sorted by name. */
  readonly collections: readonly PictureCollection[];
}

export interface PictureCollection {
  readonly name: string;
  /** How many documents there are; expired ones that have not been removed yet count. */
  readonly documents: number;
  /** Those that were put one by one; in the order of creation if no packs are taken whole. */
  readonly versions: readonly Version[];
  /** The packs that were put whole; what is among `versions` or `deletions` stands in place of what they hold. */
  readonly packs: PackSet;
  /** Of documents that the packs still hold. */
  readonly deletions: readonly Version[];
}

export interface PictureOptions {
  /** Only these. Default: all. */
  readonly collections?: ReadonlySet<string> | undefined;
  /** Takes packs. Default: their documents are put one by one. */
  readonly packs?: PackSink | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** More would only queue for the four threads that do the work. */
const atOnce = 8;
const mostPasses = 20;

/**
 * Copies every document as of one moment, while an owner goes on writing.
 *
 * The owner's checkpoints replace the files that are being copied, so what was begun as of commit C can not in general be
 * finished as of C: the version of C may be in no file any more. It is finished as of a later commit instead. A pass
 * copies, of the documents as they are at that moment, those that the sink does not have in that very version. A document
 * whose file was replaced meanwhile is passed over: there is a commit above C that wrote it, and the next pass has it.
 *
 * That this ends: from the first pass on the reader keeps in memory the body of each commit it takes in. What the second
 * pass has to copy was passed over in the first, or committed since it began: either way its newest version came by the
 * journal, is in memory, and can not be replaced. Only when the owner prunes the journal before the reader has read it is
 * the picture taken from the files once more, and another pass may be needed; an owner that does so in each of them is
 * reported (`COMPACTED`) rather than chased for ever. Memory grows by what is written during the first pass.
 *
 * A sink may take packs whole. They do not change, and stay open here when a merge removes them; newer ones are taken in
 * only when a document is found to have moved into one, or else each merge would be copied again.
 */
export class PictureCopy implements Disposable {
  readonly #source: OpenedReader;
  readonly #sink: PictureSink;
  readonly #options: PictureOptions;
  readonly #release: () => void;
  readonly #retained = new Set<Pack>();
  /** The packs that the sink has, by their paths: what stands under one name is always the same. */
  readonly #copiedPacks = new Map<string, { readonly collection: string; readonly pack: Pack }>();
  /** The sequence numbers of the versions that the sink has, by collection and id. */
  readonly #copied = new Map<string, Map<string, number>>();

  constructor(source: OpenedReader, sink: PictureSink, options: PictureOptions = {}) {
    this.#source = source;
    this.#sink = sink;
    this.#options = options;
    this.#release = source.reader.holdBodies();
  }

  /**
   * Brings the sink to the newest moment. Can be called again: then only what changed is copied.
   *
   * @throws HoldfastError `CORRUPT` if a document can not be read; `COMPACTED`; what the sink throws
   */
  async advance(): Promise<Picture> {
    for (let pass = 1; pass <= mostPasses; pass += 1) {
      const picture = await this.#source.reader.atRest(() => this.#capture());
      if (await this.#copy(picture)) return picture;
    }
    const { root } = this.#source.layout;
    throw new HoldfastError(
      "COMPACTED",
      `${root} could not be copied as of one moment: its owner removes journal segments sooner than they can be read. Let it keep more of the journal (journalRetainBytes).`,
      { details: { directory: root } },
    );
  }

  [Symbol.dispose](): void {
    this.#release();
    for (const pack of this.#retained) pack.release();
  }

  #capture(): Picture {
    const { registry, reader, engine } = this.#source;
    const wanted = [...registry.all()].filter(({ name }) => this.#options.collections?.has(name) ?? true);
    return {
      sequence: reader.lastSequence(),
      expiryClock: engine.expiry.now(),
      collections: wanted
        .map((state) => this.#captureCollection(state))
        .sort((left, right) => (left.name < right.name ? -1 : 1)),
    };
  }

  #captureCollection(state: CollectionState): PictureCollection {
    const { name, size: documents, packs } = state;
    // They stay open for as long as they may be asked for, whatever a merge removes.
    for (const pack of packs.packs) {
      if (this.#retained.has(pack)) continue;
      pack.retain();
      this.#retained.add(pack);
    }
    if (this.#options.packs === undefined)
      return { name, documents, versions: this.#versionsOf(state), packs: PackSet.empty, deletions: [] };
    const recent = [...state.recent.values()];
    return {
      name,
      documents,
      versions: recent.filter(({ deleted }) => !deleted),
      packs,
      deletions: recent.filter(({ id, deleted }) => deleted && packs.has(id)),
    };
  }

  /** Without the bodies of those in packs. */
  #versionsOf(state: CollectionState): Version[] {
    return [...state.walk({ direction: "asc" })].map((listed) =>
      listed.packed === undefined ? state.versionOf(listed) : { ...state.versionOf(listed), body: undefined },
    );
  }

  /** @returns whether the sink now holds this picture. */
  async #copy(picture: Picture): Promise<boolean> {
    const missing: { readonly state: CollectionState; readonly version: Version }[] = [];
    for (const { name, versions } of picture.collections) {
      const state = this.#source.registry.open(name);
      const copied = this.#copiedOf(name);
      for (const version of versions) if (copied.get(version.id) !== version.sequence) missing.push({ state, version });
      await this.#removeAllBut(name, versions);
    }
    const packs = this.#missingPacks(picture);
    const total = missing.length + packs.reduce((sum, { pack }) => sum + pack.summary.documents, 0);
    let next = 0;
    let done = 0;
    let passedOver = 0;
    const worker = async (): Promise<void> => {
      for (let job = missing[next++]; job !== undefined; job = missing[next++]) {
        if (!(await this.#copyOne(job.state, job.version))) passedOver += 1;
        done += 1;
        this.#options.onProgress?.(done, total);
      }
    };
    const workers = Array.from({ length: Math.min(atOnce, missing.length) }, async () => {
      try {
        await worker();
      } catch (error) {
        next = missing.length;
        throw error;
      }
    });
    // Returns only when nothing is under way any more: whoever clears up after a failure must not meet a straggler.
    const failed = (await Promise.allSettled(workers)).find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    // Loose files first: an owner may take those away, while a pack that is open can wait.
    for (const { collection, pack } of packs) {
      await this.#options.packs?.putPack(collection, pack);
      this.#copiedPacks.set(pack.path, { collection, pack });
      done += pack.summary.documents;
      this.#options.onProgress?.(done, total);
    }
    if (passedOver > 0) return false;
    await this.#removePacksBut(picture);
    return true;
  }

  #missingPacks({ collections }: Picture): { readonly collection: string; readonly pack: Pack }[] {
    return collections.flatMap(({ name, packs }) =>
      packs.packs.filter(({ path }) => !this.#copiedPacks.has(path)).map((pack) => ({ collection: name, pack })),
    );
  }

  async #removePacksBut({ collections }: Picture): Promise<void> {
    const present = new Set(collections.flatMap(({ packs }) => packs.packs.map(({ path }) => path)));
    for (const [path, { collection, pack }] of [...this.#copiedPacks]) {
      if (present.has(path)) continue;
      await this.#options.packs?.removePack(collection, pack);
      this.#copiedPacks.delete(path);
    }
  }

  async #copyOne(state: CollectionState, version: Version): Promise<boolean> {
    const { engine } = this.#source;
    const read = await engine.bodies.read(state.name, version);
    if (read === "replaced") {
      // Waits until the commit that replaced it is here, and throws if there is none: then the document is damaged.
      await engine.replaced(state, version);
      return false;
    }
    await this.#sink.put(envelopeOf(state.name, version), read.json);
    this.#copiedOf(state.name).set(version.id, version.sequence);
    return true;
  }

  async #removeAllBut(name: string, versions: readonly Version[]): Promise<void> {
    const copied = this.#copiedOf(name);
    if (copied.size === 0) return;
    const present = new Set(versions.map(({ id }) => id));
    for (const id of [...copied.keys()]) {
      if (present.has(id)) continue;
      await this.#sink.remove(name, id);
      copied.delete(id);
    }
  }

  #copiedOf(name: string): Map<string, number> {
    let copied = this.#copied.get(name);
    if (copied === undefined) this.#copied.set(name, (copied = new Map<string, number>()));
    return copied;
  }
}
