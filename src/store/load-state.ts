import { basename, join } from "node:path";
import { HoldfastError, isHoldfastError } from "../errors.js";
import { entriesIfPresent } from "../files/entries-if-present.js";
import { PutCommit } from "../journal/put-commit.js";
import type { CommitRecord, DeleteOperation, PutOperation } from "../journal/record.js";
import { parseSegmentName } from "../journal/segment-name.js";
import { readJournal, type JournalReading } from "../journal/read-journal.js";
import { Pack, packFileNames, parsePackName } from "../packs/index.js";
import { checkpointSchema, type Checkpoint } from "./checkpoint-file.js";
import { CollectionState } from "./collection-state.js";
import { parsedKeys, storedKeys } from "./index-keys.js";
import { collectionOf, lastOperations, type LastOperation } from "./last-operations.js";
import { countPacked, findPacks, newestRanges } from "./find-packs.js";
import type { DamagedDocument, LoadOptions, LoadedState } from "./loaded-state.js";
import { openListedPack, type DamagedPack, type ListedPack } from "./open-listed-pack.js";
import { PackSet } from "./pack-set.js";
import { readSealed, type SealedContent } from "./manifest.js";
import { originOf } from "./unreadable-version.js";
import { ReplayedVersion } from "./replayed-version.js";
import { TouchedIds } from "./touched-ids.js";
import { tombstoneOf, versionOfEnvelope, versionOfPut, type Version } from "./version.js";

/** Reads everything a state directory holds, and changes nothing. */
export async function loadState(options: LoadOptions): Promise<LoadedState> {
  const distrusted = new Set<string>();
  for (;;) {
    const loader = new StateLoader(options, distrusted);
    try {
      return await loader.load();
    } catch (error) {
      await loader.abandon();
      // An index is read in pieces, when they are needed. One that turns out to be damaged is not looked at again.
      const path = damagedIndexOf(error);
      if (path === undefined || distrusted.has(path)) throw error;
      distrusted.add(path);
    }
  }
}

/** The index of a pack that an error says is damaged; `undefined` for any other error. */
function damagedIndexOf(error: unknown): string | undefined {
  const path = isHoldfastError(error, "CORRUPT") ? error.details["path"] : undefined;
  return typeof path === "string" && parsePackName(basename(path))?.kind === "index" ? path : undefined;
}

class StateLoader {
  readonly #options: LoadOptions;
  /** Indexes of packs that are known to be damaged. */
  readonly #distrusted: ReadonlySet<string>;
  readonly #states = new Map<string, CollectionState>();
  readonly #damaged: { collection: string; path: string; id: string | undefined; error: HoldfastError }[] = [];
  readonly #foreign: string[] = [];
  readonly #temporary: string[] = [];
  readonly #superseded: string[] = [];
  readonly #unlisted: string[] = [];
  readonly #opened: Pack[] = [];
  readonly #damagedPacks: DamagedPack[] = [];
  readonly #restored: { readonly collection: string; readonly sequence: number }[] = [];
  #documents = 0;
  #newestDocument = 0;
  #replayed = 0;
  #replayedOperations = 0;
  readonly #touched = new TouchedIds();

  constructor(options: LoadOptions, distrusted: ReadonlySet<string>) {
    this.#options = options;
    this.#distrusted = distrusted;
    for (const name of options.definitions.keys()) this.#state(name);
  }

  /** Closes what was opened. */
  async abandon(): Promise<void> {
    for (const pack of this.#opened) await pack.retire();
  }

  async load(): Promise<LoadedState> {
    const checkpoint = await this.#readCheckpoint();
    await this.#loadPacks(checkpoint);
    await this.#loadDocuments();
    const acknowledged = Math.max(
      checkpoint.state === "present" ? checkpoint.content.sequence : 0,
      this.#newestDocument,
    );
    const { journal, upTo } = await this.#replay(checkpoint, acknowledged);
    const missing = this.#missing(checkpoint, journal);
    const damagedDocuments = await this.#restore(missing, acknowledged);
    const stillMissing = this.#missing(checkpoint, journal);
    return {
      states: this.#states,
      checkpoint,
      journal,
      lastSequence: upTo,
      acknowledged,
      documents: this.#documents,
      replayed: this.#replayed,
      replayedOperations: this.#replayedOperations,
      damagedDocuments,
      missingDocuments: new Map(
        [...missing].map(([name, count]) => [name, { count, restored: count - (stillMissing.get(name) ?? 0) }]),
      ),
      damagedPacks: this.#damagedPacks.map((damaged) => ({ ...damaged, lost: this.#lostWith(damaged) })),
      supersededFiles: this.#superseded,
      unlistedPackFiles: this.#unlisted,
      foreignFiles: this.#foreign,
      temporaryFiles: this.#temporary,
    };
  }

  /** A checkpoint of another directory says nothing about this one: believed, it would leave out commits. */
  async #readCheckpoint(): Promise<SealedContent<Checkpoint>> {
    const { fileSystem, layout, storeId } = this.#options;
    const checkpoint = await readSealed(fileSystem, layout.checkpoint, checkpointSchema);
    if (checkpoint.state !== "present" || storeId === undefined || checkpoint.content.storeId === storeId)
      return checkpoint;
    const error = new HoldfastError("CORRUPT", `${layout.checkpoint} belongs to another state directory.`, {
      details: { path: layout.checkpoint, expected: storeId, found: checkpoint.content.storeId },
    });
    return { state: "damaged", error };
  }

  async #loadPacks(checkpoint: SealedContent<Checkpoint>): Promise<void> {
    const { documents } = this.#options;
    // Before the first checkpoint the journal holds everything, and what lies in packs may be there in part. Where a
    // checkpoint was damaged or is gone, maybe by a recovery that set it aside and was killed, the packs must speak for
    // themselves.
    const isBeforeFirst = checkpoint.state === "absent" && (await this.#journalHoldsAll());
    const listed = checkpoint.state === "present" ? checkpoint.content.packs : isBeforeFirst ? {} : undefined;
    const names = new Set([...Object.keys(listed ?? {}), ...(await documents.collections())]);
    for (const name of names) {
      const found = await findPacks(this.#options.fileSystem, this.#options.layout.packs(name));
      this.#foreign.push(...found.foreign);
      this.#temporary.push(...found.temporary);
      const live: readonly ListedPack[] = listed === undefined ? newestRanges(found.packs) : (listed[name]?.list ?? []);
      const packs: Pack[] = [];
      for (const range of live) {
        const pack = await this.#openPack(name, range);
        if (pack === undefined) continue;
        packs.push(pack);
        this.#opened.push(pack);
      }
      for (const { path, lo, hi } of found.files)
        if (!live.some((range) => range.lo === lo && range.hi === hi)) this.#unlisted.push(path);
      if (packs.length === 0) continue;
      const isAsListed = packs.every(({ summary }, index) => summary.packChecksum === live[index]?.packChecksum);
      const counted = isAsListed && packs.length === live.length ? listed?.[name]?.documents : undefined;
      const set = new PackSet(packs, counted ?? countPacked(packs));
      this.#state(name).begin(set);
      this.#documents += set.documents;
      for (const { summary } of packs) this.#newestDocument = Math.max(this.#newestDocument, summary.newestSequence);
    }
  }

  /** Whether the journal begins with the first commit of all: no checkpoint has shortened it yet. */
  async #journalHoldsAll(): Promise<boolean> {
    const { fileSystem, layout } = this.#options;
    const entries = await entriesIfPresent(fileSystem, layout.journal);
    return entries.some(({ name }) => parseSegmentName(name)?.first === 1);
  }

  async #openPack(collection: string, listed: ListedPack): Promise<Pack | undefined> {
    const { fileSystem, layout, storeId, cache } = this.#options;
    const { lo, hi } = listed;
    const directory = layout.packs(collection);
    const options = { fileSystem, directory, storeId, collection, lo, hi, cache };
    const isIndexTrusted = !this.#distrusted.has(join(directory, packFileNames(lo, hi).index));
    const opened = await openListedPack(options, this.#state(collection), listed, isIndexTrusted);
    if (opened instanceof Pack) return opened;
    this.#damagedPacks.push(opened);
    return opened.pack;
  }

  async #loadDocuments(): Promise<void> {
    for (const name of await this.#options.documents.collections()) {
      const state = this.#state(name);
      await this.#options.documents.scan(name, {
        document: ({ envelope, body }) => {
          const version = versionOfEnvelope(envelope, body.length, []);
          if (state.packs.supersedes(version)) {
            this.#superseded.push(this.#options.documents.pathOf(name, version.id));
            return;
          }
          version.keys = storedKeys(state.definition, version, body);
          // One that stands in place of a packed version is the same document.
          if (!state.packs.has(version.id)) this.#documents += 1;
          state.load(version);
          state.loose.add(version.id);
          this.#newestDocument = Math.max(this.#newestDocument, envelope.sequence);
          if (this.#documents % 256 === 0) this.#options.onProgress?.({ stage: "documents", done: this.#documents });
        },
        damaged: (path, id, error) => this.#damaged.push({ collection: name, path, id, error }),
        foreign: (path) => this.#foreign.push(path),
        temporary: (path) => this.#temporary.push(path),
      });
    }
  }

  async #replay(
    checkpoint: SealedContent<Checkpoint>,
    acknowledged: number,
  ): Promise<{ journal: JournalReading; upTo: number }> {
    const { fileSystem, layout, storeId, onProgress } = this.#options;
    const above = checkpoint.state === "present" ? checkpoint.content.sequence : undefined;
    const isToEnd = this.#options.upTo === "end";
    const later: (CommitRecord | PutCommit)[] = [];
    const take = (commit: CommitRecord | PutCommit): void => {
      if (isToEnd) this.#apply(commit);
      else later.push(commit);
    };
    const journal = await readJournal({
      fileSystem,
      directory: layout.journal,
      storeId,
      above,
      acknowledged,
      measureAll: isToEnd,
      apply: take,
      applyPut: take,
      onSegment: (done, total) => onProgress?.({ stage: "journal", done, total }),
    });
    // Documents are written only once they are acknowledged, so what they hold is durable, watermark or not.
    const upTo = isToEnd
      ? Math.max(journal.lastSequence, this.#newestDocument)
      : Math.max(journal.watermark, acknowledged);
    for (const commit of later) if (commit.sequence <= upTo) this.#apply(commit);
    // Where a deletion is among what was lost, what came after it was not as new as it seemed.
    if (journal.lost.length > 0) for (const state of this.#states.values()) state.countAnew();
    return { journal, upTo };
  }

  #apply(commit: CommitRecord | PutCommit): void {
    this.#replayed += 1;
    if (commit instanceof PutCommit) {
      const state = this.#state(commit.collection);
      this.#applyVersion(state, new ReplayedVersion(state.definition, commit));
      return;
    }
    for (const operation of commit.operations) {
      const state = this.#state(collectionOf(operation));
      if ("delete" in operation) this.#applyDeletion(state, operation, commit);
      else this.#applyVersion(state, this.#versionOf(state, operation, commit));
    }
  }

  #applyVersion(state: CollectionState, version: Version): void {
    this.#replayedOperations += 1;
    if (isNew(state, version)) state.loadNew(version);
    else {
      this.#touch(state, version);
      // A checkpoint that was cut short may have moved it, or a newer one, into the document's file already.
      if (state.supersedes(version)) return;
      state.load(version);
    }
    state.dirty.set(version.id, version);
  }

  #applyDeletion(state: CollectionState, operation: DeleteOperation, { sequence, time }: CommitRecord): void {
    this.#replayedOperations += 1;
    const { id, revision } = operation;
    this.#touch(state, operation);
    const former = state.sequenceOf(id);
    if (former !== undefined && former > sequence) return;
    const tombstone = tombstoneOf(originOf(state.find(id)), id, revision, sequence, time);
    state.load(tombstone);
    state.dirty.set(id, tombstone);
  }

  /**
   * What a checkpoint that was cut short has done about the document's file need not be on the disk. A new document has
   * none that could have been seen; where one of its id was deleted before it, that deletion was noted.
   */
  #touch(state: CollectionState, operation: { readonly id: string; readonly revision: number }): void {
    this.#options.documents.distrust(state.name, operation.id);
    this.#touched.note(state, operation);
  }

  #versionOf(state: CollectionState, operation: PutOperation, commit: CommitRecord): Version {
    const body = JSON.stringify(operation.body);
    const version = versionOfPut(operation, body, commit.sequence, commit.time, []);
    version.keys = parsedKeys(state.definition, version, operation.body);
    return version;
  }

  /**
   * A damaged document is no loss if a later commit replaced it. If none did, and for a document whose file is gone, the
   * journal may still hold the commit that wrote it.
   */
  async #restore(missing: ReadonlyMap<string, number>, acknowledged: number): Promise<DamagedDocument[]> {
    const { fileSystem, layout, documents, storeId } = this.#options;
    // By path, because the name of a file does not always tell the id.
    const replaced = new Set<string>();
    if (this.#damaged.length > 0)
      for (const state of this.#states.values())
        for (const id of this.#touched.of(state)) replaced.add(documents.pathOf(state.name, id));
    const wanted = new Set(this.#damaged.map(({ path }) => path).filter((path) => !replaced.has(path)));
    const found = new Map<string, LastOperation>();
    for (const { collection, pack, unreadable } of this.#damagedPacks) {
      const { packs } = this.#state(collection);
      for (const id of unreadable) if (packs.find(id)?.pack === pack) wanted.add(documents.pathOf(collection, id));
    }
    const unnamed = new Set(
      this.#damagedPacks.filter(({ fault }) => fault === "both").map(({ collection }) => collection),
    );
    if (wanted.size > 0 || missing.size > 0 || unnamed.size > 0) {
      const wants = (name: string, id: string): boolean =>
        (unnamed.has(name) && !this.#touched.has(this.#state(name), id)) ||
        (wanted.size > 0 && wanted.has(documents.pathOf(name, id))) ||
        (missing.has(name) &&
          !this.#touched.has(this.#state(name), id) &&
          this.#state(name).sequenceOf(id) === undefined);
      for (const last of await lastOperations({ fileSystem, layout, storeId, acknowledged, wants })) {
        found.set(documents.pathOf(collectionOf(last.operation), last.operation.id), last);
      }
    }
    for (const [path, { operation, commit }] of found) {
      const state = this.#state(collectionOf(operation));
      const { id } = operation;
      const former = state.sequenceOf(id) ?? 0;
      // What is there is as new, unless it is what can not be read.
      if (former > commit.sequence || (former === commit.sequence && !wanted.has(path)) || state.recent.has(id))
        continue;
      const version =
        "put" in operation
          ? this.#versionOf(state, operation, commit)
          : tombstoneOf(undefined, id, operation.revision, commit.sequence, commit.time);
      // Of deletions, only those count that an older pack knows nothing of.
      if (version.deleted && !state.packs.has(id)) continue;
      state.load(version);
      state.dirty.set(id, version);
      this.#restored.push({ collection: state.name, sequence: commit.sequence });
    }
    return this.#damaged.map(({ collection, path, id, error }) => ({
      collection,
      path,
      id: id ?? found.get(path)?.operation.id,
      error,
      restored: replaced.has(path) || found.has(path),
    }));
  }

  /** What nothing replaces, and the journal does not hold either. */
  #lostWith({ collection, range, pack, unreadable, unknown }: DamagedPack): string[] {
    const { recent, packs } = this.#state(collection);
    const named = unreadable.filter((id) => !recent.has(id) && packs.find(id)?.pack === pack);
    const restored = this.#restored.filter(
      (other) => other.collection === collection && other.sequence >= range.lo && other.sequence <= range.hi,
    );
    return [...named, ...Array.from({ length: Math.max(0, (unknown ?? 0) - restored.length) }, () => "")];
  }

  /**
   * Counts what the checkpoint says must be there against what was: a file that vanished leaves no damage to see. Only
   * where every commit above the checkpoint was read; documents that were touched by one are not counted.
   */
  #missing(checkpoint: SealedContent<Checkpoint>, journal: JournalReading): Map<string, number> {
    const missing = new Map<string, number>();
    if (checkpoint.state !== "present" || journal.lost.length > 0) return missing;
    for (const [name, count] of Object.entries(checkpoint.content.documents)) {
      const state = this.#states.get(name) ?? new CollectionState(name, this.#options.documentCache);
      const expected = count - this.#touched.countExisting(state);
      const restored = this.#restored.filter(({ collection }) => collection === name).length;
      const untouched = [...state.loose].filter((id) => !this.#touched.has(state, id)).length + restored;
      const known = this.#damaged.filter(
        ({ collection, id }) =>
          collection === name && (id === undefined || !(this.#touched.has(state, id) || state.recent.has(id))),
      );
      const lacking = expected - untouched - known.length;
      if (lacking > 0) missing.set(name, lacking);
    }
    return missing;
  }

  #state(name: string): CollectionState {
    let state = this.#states.get(name);
    if (state === undefined) {
      state = new CollectionState(name, this.#options.documentCache);
      state.definition = this.#options.definitions.get(name);
      this.#states.set(name, state);
    }
    return state;
  }
}

/**
 * Whether a commit made a document that was not there before, as its first revision says, and no checkpoint has moved it
 * yet: what is in packs is older. Then the packs need not be asked, which is most of what replaying a creation costs.
 */
function isNew(state: CollectionState, { id, revision, sequence }: Version): boolean {
  return revision === 1 && !state.recent.has(id) && sequence > state.packs.newestSequence;
}
