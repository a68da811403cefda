import { basename, dirname, join } from "node:path";
import { setImmediate as giveWay } from "node:timers/promises";
import { HoldfastError, isHoldfastError } from "../errors.js";
import { entriesIfPresent } from "../files/entries-if-present.js";
import type { DirectoryEntry, FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { makeDirectories } from "../files/make-directories.js";
import { isAbsent } from "../files/node-file-system.js";
import { replaceFile } from "../files/replace-file.js";
import { isTemporaryName } from "../files/temporary-name.js";
import { decodeDocument, encodeDocument, type EncodedDocument, type Envelope } from "./envelope.js";
import { documentFileName, idOfFileName, shardOf } from "./file-name.js";

/** How long a scan keeps the event loop to itself. */
const longestTurnMs = 5;

/** What a scan of a collection's folder finds. */
export interface DocumentVisitor {
  document(document: EncodedDocument): void;
  /** A file that is a document's by its name and can not be trusted. `id` is known unless the name was shortened. */
  damaged(path: string, id: string | undefined, error: HoldfastError): void;
  /** A file that is no document's. */
  foreign(path: string): void;
  /** Left by a crash in the middle of a write. */
  temporary(path: string): void;
}

/** One file a document: `collections/<name>/documents/<xx>/<id>.json`. */
export class LooseDocuments {
  readonly #fileSystem: FileSystem;
  readonly #layout: Layout;
  readonly #folders = new Set<string>();
  /** The paths of the shards' folders, by collection and shard: a recovery asks for one with each operation. */
  readonly #shardFolders = new Map<string, Map<string, string>>();
  readonly #unsynced = new Set<string>();
  /** Those of them that were distrusted, with all folders on the way. */
  readonly #distrusted = new Set<string>();
  /** Folders that were synced since this owner came, so that only its own changes can be in doubt. */
  readonly #synced = new Set<string>();

  constructor(fileSystem: FileSystem, layout: Layout) {
    this.#fileSystem = fileSystem;
    this.#layout = layout;
  }

  pathOf(collection: string, id: string): string {
    const name = documentFileName(id);
    return join(this.#layout.documents(collection), shardOf(name), name);
  }

  /** Replaces the document's file by a whole and synced one. Its name is durable after {@link syncFolders}. */
  async write(envelope: Envelope, body: string): Promise<void> {
    const path = this.pathOf(envelope.kind, envelope.id);
    const folder = dirname(path);
    if (!this.#folders.has(folder)) {
      await this.#makeFolder(envelope.kind, folder);
      this.#folders.add(folder);
    }
    try {
      await replaceFile(this.#fileSystem, path, encodeDocument(envelope, body));
    } catch (error) {
      // Someone may have taken the folder away: the next attempt makes it anew.
      this.#folders.delete(folder);
      throw error;
    }
    this.#unsynced.add(folder);
  }

  /** Removes the document's file, if there is one. */
  async remove(collection: string, id: string): Promise<void> {
    const path = this.pathOf(collection, id);
    try {
      await this.#fileSystem.remove(path);
      this.#unsynced.add(dirname(path));
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  /**
   * Has the next {@link syncFolders} make the document's file, or its absence, durable, whoever saw to it. A checkpoint
   * that a kill cut short leaves names that can be seen and are not on the disk; the next owner finds the document as the
   * journal wants it, and has nothing to write. A power loss after its checkpoint would take the name back, when the
   * journal has gone.
   */
  distrust(collection: string, id: string): void {
    const folder = this.#folderOf(collection, id);
    if (this.#synced.has(folder) || this.#distrusted.has(folder)) return;
    this.#distrusted.add(folder);
    this.#distrustFolder(collection, folder);
  }

  /** The same for the collection's own folder, and what is named in it. */
  distrustCollection(collection: string): void {
    for (const path of [dirname(this.#layout.documents(collection)), this.#layout.collections])
      this.#unsynced.add(path);
  }

  /** Makes every name written, removed or distrusted so far durable. */
  async syncFolders(): Promise<void> {
    for (const folder of [...this.#unsynced]) {
      try {
        await this.#fileSystem.syncDirectory(folder);
      } catch (error) {
        // What was distrusted need not be there; that it is not is then for the folder above to say.
        if (!isAbsent(error)) throw error;
      }
      this.#unsynced.delete(folder);
      this.#distrusted.delete(folder);
      this.#synced.add(folder);
    }
  }

  async #makeFolder(collection: string, folder: string): Promise<void> {
    try {
      await makeDirectories(this.#fileSystem, folder);
    } catch (error) {
      // What was made and could not be synced is there at the next attempt, and would count as durable.
      this.#distrustFolder(collection, folder);
      throw error;
    }
  }

  #folderOf(collection: string, id: string): string {
    let folders = this.#shardFolders.get(collection);
    if (folders === undefined) this.#shardFolders.set(collection, (folders = new Map<string, string>()));
    const shard = shardOf(documentFileName(id));
    let folder = folders.get(shard);
    if (folder === undefined) folders.set(shard, (folder = join(this.#layout.documents(collection), shard)));
    return folder;
  }

  /** Every name on the way: a folder that is there may have been made by someone who was killed before he synced it. */
  #distrustFolder(collection: string, folder: string): void {
    this.#unsynced.add(folder).add(this.#layout.documents(collection));
    this.distrustCollection(collection);
  }

  /**
   * @returns `undefined` if there is no file.
   * @throws HoldfastError `CORRUPT` if there is one that can not be trusted.
   */
  async read(collection: string, id: string): Promise<EncodedDocument | undefined> {
    const path = this.pathOf(collection, id);
    let bytes: Buffer;
    try {
      bytes = await this.#fileSystem.readFile(path);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    return this.#check(decodeDocument(bytes, path), collection, path);
  }

  async collections(): Promise<string[]> {
    const entries = await entriesIfPresent(this.#fileSystem, this.#layout.collections);
    return entries.filter(({ kind }) => kind === "directory").map(({ name }) => name);
  }

  /**
   * Reads every document of a collection; the order is that of the folders. Gives way to the event loop every few
   * milliseconds.
   */
  async scan(collection: string, visitor: DocumentVisitor): Promise<void> {
    const root = this.#layout.documents(collection);
    let turnEnds = performance.now() + longestTurnMs;
    for (const shard of await entriesIfPresent(this.#fileSystem, root)) {
      const folder = join(root, shard.name);
      if (shard.kind !== "directory") {
        if (isTemporaryName(shard.name)) visitor.temporary(folder);
        else visitor.foreign(folder);
        continue;
      }
      for (const entry of await entriesIfPresent(this.#fileSystem, folder)) {
        this.#visit(collection, shard.name, join(folder, entry.name), entry, visitor);
        if (performance.now() < turnEnds) continue;
        await giveWay();
        turnEnds = performance.now() + longestTurnMs;
      }
    }
  }

  #visit(
    collection: string,
    shard: string,
    path: string,
    { name, kind }: DirectoryEntry,
    visitor: DocumentVisitor,
  ): void {
    if (isTemporaryName(name)) {
      visitor.temporary(path);
      return;
    }
    if (kind !== "file" || !name.endsWith(".json") || shardOf(name) !== shard) {
      visitor.foreign(path);
      return;
    }
    let bytes: Buffer;
    try {
      bytes = this.#fileSystem.readFileNow(path);
    } catch (error) {
      // Removed by a checkpoint while a reader looks.
      if (isAbsent(error)) return;
      throw error;
    }
    try {
      visitor.document(this.#check(decodeDocument(bytes, path), collection, path));
    } catch (error) {
      if (!isHoldfastError(error, "CORRUPT")) throw error;
      visitor.damaged(path, idOfFileName(name), error);
    }
  }

  /** A whole document in the wrong place, copied or renamed there by hand, is not the document of that place. */
  #check(document: EncodedDocument, collection: string, path: string): EncodedDocument {
    const { kind, id } = document.envelope;
    if (kind === collection && documentFileName(id) === basename(path)) return document;
    throw new HoldfastError(
      "CORRUPT",
      `${path} holds the document ${JSON.stringify(id)} of ${JSON.stringify(kind)}, which belongs elsewhere.`,
      {
        details: { path },
      },
    );
  }
}
