import { hostname } from "node:os";
import { join, relative, resolve, sep } from "node:path";
import { HoldfastError } from "../errors.js";
import { encodeDocument, type Envelope } from "../documents/envelope.js";
import { documentFileName, shardOf } from "../documents/file-name.js";
import { isAbsent } from "../files/node-file-system.js";
import { replaceFileDurably } from "../files/replace-file.js";
import { sealJson } from "../files/sealed-json.js";
import { storageError } from "../files/storage-error.js";
import { claimName, claimOfNobody, listClaims } from "../locking/claim.js";
import { encodeLine, journalFormat, lineBound, type SegmentHeader } from "../journal/record.js";
import { formatSegmentName } from "../journal/segment-name.js";
import { version } from "../version.js";
import { completeBlobs, copyAllBlobs, damagedBlobs, type BlobNaming, type NamedBlob } from "./backup-blobs.js";
import { BackupPacks } from "./backup-packs.js";
import { backupListName, type BackupDamage, type BackupList, type BackupSummary } from "./backup-list.js";
import { PictureCopy, type Picture, type PictureSink } from "../store/picture-copy.js";
import { BackupTree } from "./backup-tree.js";
import type { Checkpoint } from "../store/checkpoint-file.js";
import { directoryFormat, manifestSchema, readSealed } from "../store/manifest.js";
import { systemEnvironment, type OpenEnvironment } from "../store/open-options.js";
import { openReaderParts, type OpenedReader } from "../store/open-reader.js";
import { parseStoreOptions } from "../store/options.js";

/** How far a backup or restore is. */
export interface BackupProgress {
  readonly stage: "reading" | "documents" | "blobs" | "checking" | "copying" | "opening" | "verifying";
  readonly done: number;
  readonly total?: number;
}

export interface BackupOptions {
  /** The state directory. Another process may own it, and go on writing. */
  readonly directory: string;
  /** A new or empty folder, outside of it. */
  readonly to: string;
  /** Which documents name bytes. Default: none do, and all bytes there are are copied. */
  readonly blobNaming?: BlobNaming;
  readonly onProgress?: (progress: BackupProgress) => void;
  /** The disk and the time, for tests. */
  readonly environment?: Partial<Pick<OpenEnvironment, "fileSystem" | "clock">>;
}

/** What a backup holds, and how much of it; the list of its files stands in `backup.json`. */
export interface BackupReport extends BackupSummary {
  readonly directory: string;
  readonly fileCount: number;
  readonly bytes: number;
}

/** Blobs that were removed between a picture and their copying are looked for so often in newer pictures. */
const mostPictures = 20;

/**
 * Copies a state directory into a folder that is one itself: every document exactly as of one commit, and the bytes that
 * they name. Packs are copied as they are, and every line and block of the copy is checked. Takes no lock; an owner, in this process or another, goes on writing. The source is only read.
 *
 * Order: documents and bytes, each synced; folders; then what makes the folder a state directory (journal, claim,
 * manifest); and last of all `backup.json`. After a crash before that the folder is no backup; and it is a state directory
 * only if it is a whole one.
 *
 * @throws HoldfastError `INVALID_CONFIG` if there is no state in the directory, or `to` is not empty; `STORAGE_FULL`,
 * `STORAGE_FAILED`, after which what was copied is removed; `CORRUPT` if a document was damaged while it was copied, or a pack is damaged;
 * `COMPACTED` if the owner moves faster than it can be followed; `UNSUPPORTED_FORMAT`
 */
export async function backUpStateDirectory(options: BackupOptions): Promise<BackupReport> {
  const environment: OpenEnvironment = {
    ...systemEnvironment,
    ...options.environment,
    collections: [],
    onProgress: ({ done, total }) =>
      options.onProgress?.({ stage: "reading", done, ...(total === undefined ? {} : { total }) }),
  };
  const { fileSystem } = environment;
  const root = resolve(options.to);
  // Bodies are read once: a cache would only hold them a second time.
  const settings = parseStoreOptions({ cacheBytes: 0 });
  const source = await openReaderParts({ directory: resolve(options.directory), settings, environment });
  try {
    if (isWithin(source.layout.root, root)) {
      throw new HoldfastError(
        "INVALID_CONFIG",
        `${root} lies in the state directory itself. Name a folder elsewhere.`,
        {
          details: { directory: root },
        },
      );
    }
    const tree = await BackupTree.begin(fileSystem, root, "A backup");
    try {
      return await new Backup(source, tree, environment, options).take();
    } catch (error) {
      await discard(tree);
      throw error;
    }
  } catch (error) {
    throw storageError(error, "back up the state directory", root);
  } finally {
    await source.store.close();
  }
}

/** What is left of a backup that failed has no `backup.json`, so it is no backup; the failure is what matters. */
async function discard(tree: BackupTree): Promise<void> {
  try {
    await tree.discard();
  } catch (error) {
    process.emitWarning(`Holdfast could not remove the unfinished ${tree.root}: ${String(error)}`);
  }
}

/** One backup being taken. */
class Backup implements PictureSink {
  readonly #source: OpenedReader;
  readonly #tree: BackupTree;
  readonly #environment: OpenEnvironment;
  readonly #options: BackupOptions;
  readonly #packs: BackupPacks;
  readonly #named = new Map<string, NamedBlob>();

  constructor(source: OpenedReader, tree: BackupTree, environment: OpenEnvironment, options: BackupOptions) {
    this.#source = source;
    this.#tree = tree;
    this.#environment = environment;
    this.#options = options;
    const { fileSystem } = environment;
    this.#packs = new BackupPacks(fileSystem, tree, source.store.storeId, options.blobNaming);
  }

  async take(): Promise<BackupReport> {
    const { clock } = this.#environment;
    const startedAt = new Date(clock.now()).toISOString();
    const { picture, damage } = await this.#copy();
    await this.#writeCheckpoint(picture, await this.#packs.complete(picture));
    await this.#tree.makeFolder("collections");
    await this.#tree.syncFolders();
    // From here on the folder can be told to be a state directory, and it is a whole one.
    await this.#beginJournal(picture, await this.#epochOfSource());
    await this.#writeManifest(picture);
    await this.#tree.syncFolders();
    await this.#environment.fileSystem.syncDirectory(this.#tree.root);
    const files = this.#tree.files;
    const summary: BackupSummary = {
      storeId: this.#source.store.storeId,
      sequence: picture.sequence,
      startedAt,
      finishedAt: new Date(clock.now()).toISOString(),
      createdBy: `holdfast ${version}`,
      source: { directory: this.#source.layout.root, host: hostname() },
      documents: countsOf(picture),
      blobs: files.filter(({ path }) => path.startsWith("blobs/")).length,
      damage,
    };
    const list: BackupList = { format: 1, kind: "holdfast-backup", ...summary, files };
    await replaceFileDurably(this.#environment.fileSystem, join(this.#tree.root, backupListName), sealJson(list));
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    return { ...summary, directory: this.#tree.root, fileCount: files.length, bytes };
  }

  async put(envelope: Envelope, body: string): Promise<void> {
    await this.#tree.write(pathOf(envelope.kind, envelope.id), encodeDocument(envelope, body));
    const name = this.#options.blobNaming?.get(envelope.kind);
    if (name === undefined) return;
    const key = keyOf(envelope.kind, envelope.id);
    const blob = name(JSON.parse(body));
    if (blob === undefined) this.#named.delete(key);
    else this.#named.set(key, blob);
  }

  async remove(collection: string, id: string): Promise<void> {
    await this.#tree.remove(pathOf(collection, id));
    this.#named.delete(keyOf(collection, id));
  }

  /**
   * Bytes first, since they take longest and never change; then the documents; then the bytes that came meanwhile.
   *
   * Bytes are removed only after the document that named them was deleted. So if some that the picture names are gone
   * although they had not been copied, a picture taken now does not name them, unless they are damage: bytes that are
   * missing twice for the same document. Each new picture costs only what changed since the one before, and is needed
   * only if a file was stored *and* removed in that time; that is allowed to happen a bounded number of times.
   */
  async #copy(): Promise<{ readonly picture: Picture; readonly damage: BackupDamage[] }> {
    const { layout } = this.#source;
    const { fileSystem } = this.#environment;
    let copiedBytes = 0;
    await copyAllBlobs(fileSystem, layout, this.#tree, (bytes) => {
      copiedBytes += bytes;
      this.#options.onProgress?.({ stage: "blobs", done: copiedBytes });
    });
    using documents = new PictureCopy(this.#source, this, {
      packs: this.#packs,
      onProgress: (done, total) => this.#options.onProgress?.({ stage: "documents", done, total }),
    });
    let missingBefore = new Set<string>();
    for (let attempt = 1; ; attempt += 1) {
      const picture = await documents.advance();
      const named = [...this.#named.values(), ...this.#packs.named(picture)];
      const missing = await completeBlobs(fileSystem, layout, this.#tree, named);
      if (missing.every(({ id }) => missingBefore.has(id))) {
        return { picture, damage: [...this.#damageOfSource(), ...damagedBlobs(this.#tree, named)] };
      }
      if (attempt === mostPictures) {
        throw new HoldfastError(
          "COMPACTED",
          `${layout.root} could not be copied as of one moment: files are removed sooner than they can be copied. Try again when fewer are.`,
          { details: { directory: layout.root, missing: missing.map(({ id }) => id) } },
        );
      }
      missingBefore = new Set(missing.map(({ id }) => id));
    }
  }

  /** What the reader could not read when it opened is not in its picture, and would be missing without a word. */
  #damageOfSource(): BackupDamage[] {
    const { damage, lostSequences } = this.#source.store.recovery;
    return [
      ...damage.filter(({ repaired }) => !repaired).map(({ file, detail }) => ({ file, detail })),
      ...lostSequences.map(({ first, last }) => ({ file: "journal", detail: `commits ${first} to ${last} are lost` })),
    ];
  }

  async #writeCheckpoint(picture: Picture, packs: Checkpoint["packs"]): Promise<void> {
    const { clock } = this.#environment;
    const checkpoint: Checkpoint = {
      format: 1,
      storeId: this.#source.store.storeId,
      sequence: picture.sequence,
      writtenAt: new Date(clock.now()).toISOString(),
      expiryClock: picture.expiryClock,
      documents: Object.fromEntries(picture.collections.map(({ name, versions }) => [name, versions.length])),
      packs,
    };
    await this.#tree.write("checkpoint.json", sealJson(checkpoint));
  }

  /**
   * A segment without a commit, as a new owner begins one: a journal without any segment would count as lost. Epochs go
   * on where the source is: numbers that were given out, such as those of reported phases, rest on them. The claim names
   * nobody, and `writer.json` says that the holder has left, so nobody is looked for.
   */
  async #beginJournal({ sequence }: Picture, epoch: number): Promise<void> {
    const { storeId } = this.#source.store;
    const now = new Date(this.#environment.clock.now()).toISOString();
    const nobody = claimOfNobody(storeId, epoch, now);
    const first = sequence + 1;
    const header: SegmentHeader = { format: journalFormat, storeId, epoch, first, previous: null };
    const json = JSON.stringify(header);
    const line = Buffer.alloc(lineBound(json));
    await this.#tree.write("writer.json", sealJson({ ...nobody, releasedAt: now }));
    await this.#tree.write(
      `journal/${formatSegmentName({ epoch, first })}`,
      line.subarray(0, encodeLine(line, 0, json)),
    );
    await this.#tree.write(`epochs/${claimName(epoch)}`, sealJson(nobody));
  }

  async #epochOfSource(): Promise<number> {
    const { epochs } = this.#source.layout;
    try {
      return (await listClaims(this.#environment.fileSystem, epochs)).at(-1) ?? 1;
    } catch (error) {
      if (isAbsent(error)) return 1;
      throw error;
    }
  }

  /** The same store, with a note of where it came from. The note stays when the backup is restored. */
  async #writeManifest(picture: Picture): Promise<void> {
    const { layout, store } = this.#source;
    const { clock, fileSystem } = this.#environment;
    const manifest = await readSealed(fileSystem, layout.manifest, manifestSchema);
    const now = new Date(clock.now()).toISOString();
    const kept =
      manifest.state === "present"
        ? manifest.content
        : { format: directoryFormat, storeId: store.storeId, createdAt: now, createdBy: `holdfast ${version}` };
    // Of a store without a manifest the journal told the id.
    const copy = { ...without(kept, "checksum"), copiedFrom: { sequence: picture.sequence, copiedAt: now } };
    await this.#tree.write("manifest.json", sealJson(copy));
  }
}

function countsOf({ collections }: Picture): Record<string, number> {
  return Object.fromEntries(collections.map(({ name, documents }) => [name, documents]));
}

function pathOf(collection: string, id: string): string {
  const name = documentFileName(id);
  return `collections/${collection}/documents/${shardOf(name)}/${name}`;
}

/** Names of collections hold no slash. */
function keyOf(collection: string, id: string): string {
  return `${collection}/${id}`;
}

function without(members: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([member]) => member !== name));
}

function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`));
}
