import { setImmediate as giveWay } from "node:timers/promises";
import { checkId } from "../collections/check-id.js";
import type {
  Change,
  Collection,
  CollectionDefinition,
  Document,
  DocumentHead,
  ListOptions,
  Page,
  RevisionOptions,
  WatchOptions,
  WriteOptions,
} from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import type { CollectionState } from "./collection-state.js";
import type { Committer, PreparedWrite } from "./committer.js";
import { living, type Engine } from "./engine.js";
import { documentOf, interpretBody } from "./interpret-body.js";
import type { Listed } from "./listed.js";
import { checkRevision, prepareDelete, preparePut } from "./prepare-write.js";
import { matching, parseQuery, select } from "./select.js";
import { assertReadable } from "./unreadable-version.js";
import { headOf, isSameVersion, type Version } from "./version.js";

/** How long reading a page keeps the event loop to itself. */
const longestTurnMs = 5;
const nothing: ReadonlyMap<string, Version> = new Map();

/** A collection as its users see it: reads of what is acknowledged, writes through the journal. */
export class StoredCollection<Body> implements Collection<Body> {
  readonly #engine: Engine;
  readonly #state: CollectionState;
  readonly #definition: CollectionDefinition<Body>;

  constructor(engine: Engine, state: CollectionState, definition: CollectionDefinition<Body>) {
    this.#engine = engine;
    this.#state = state;
    this.#definition = definition;
  }

  get name(): string {
    return this.#state.name;
  }

  async get(id: string): Promise<Document<Body> | undefined> {
    checkId(id);
    for (;;) {
      this.#engine.condition.assertReadable();
      const version = living(this.#engine, this.#state.find(id));
      if (version === undefined) return undefined;
      const json = this.#engine.bodies.inMemory(version);
      if (json !== undefined) return documentOf(this.#definition, version, json);
      const read = await this.#engine.bodies.read(this.name, version);
      if (read !== "replaced") return documentOf(this.#definition, version, read.json);
      await this.#engine.replaced(this.#state, version);
    }
  }

  async list(options: ListOptions = {}): Promise<Page<Body>> {
    const query = parseQuery(this.#state, options);
    if (this.#state.indexing !== undefined) await this.#state.indexing;
    for (;;) {
      this.#engine.condition.assertReadable();
      options.signal?.throwIfAborted();
      const { found, hasMore } = select(this.#state, query, nothing, this.#engine.expiry.now());
      const documents = await this.#state.packs.use(() => this.#read(found));
      // A checkpoint moved newer versions in while these were being read: a page is one moment, so begin again.
      if (documents !== undefined) return { documents, hasMore };
    }
  }

  /** @returns `undefined` if one of them can no longer be read in the version that was found. */
  async #read(found: readonly Listed[]): Promise<Document<Body>[] | undefined> {
    const documents: Document<Body>[] = [];
    let turnEnds = performance.now() + longestTurnMs;
    for (const listed of found) {
      const version = this.#state.versionOf(listed);
      const json = this.#engine.bodies.inMemory(version) ?? (await this.#newestBody(version));
      if (json === undefined) return undefined;
      documents.push(documentOf(this.#definition, version, json));
      if (performance.now() < turnEnds) continue;
      await giveWay();
      turnEnds = performance.now() + longestTurnMs;
    }
    return documents;
  }

  async count(options: Pick<ListOptions, "where"> = {}): Promise<number> {
    this.#engine.condition.assertReadable();
    const { where } = parseQuery(this.#state, options);
    if (this.#state.indexing !== undefined) await this.#state.indexing;
    const now = this.#engine.expiry.now();
    if (where.length === 0) return this.#state.countLiving(now);
    let count = 0;
    for (const { expiresAtMs } of matching(this.#state, where, nothing, "asc")) if (expiresAtMs > now) count += 1;
    return count;
  }

  async insert(id: string, body: Body, options: Pick<WriteOptions, "expiresAt"> = {}): Promise<DocumentHead> {
    return this.#replace(id, (current) => {
      assertReadable(current);
      if (current !== undefined) {
        throw new HoldfastError("ALREADY_EXISTS", `${this.name} has a document ${JSON.stringify(id)} already.`, {
          details: { collection: this.name, id, revision: current.revision },
        });
      }
      return preparePut(this.#engine, this.#untyped, id, body, options, undefined);
    });
  }

  async put(id: string, body: Body, options: WriteOptions = {}): Promise<DocumentHead> {
    return this.#replace(id, (current) => preparePut(this.#engine, this.#untyped, id, body, options, current));
  }

  async update(
    id: string,
    change: (body: Body, head: DocumentHead) => Body | undefined,
    options: WriteOptions = {},
  ): Promise<DocumentHead> {
    checkId(id);
    for (;;) {
      const newest = this.#state.newest(id);
      const current = living(this.#engine, newest);
      const json =
        current === undefined
          ? undefined
          : (this.#engine.bodies.inMemory(current) ?? (await this.#newestBody(current)));
      // Reading the body may have taken a while: what `change` is given must still be the newest version.
      if (!isSameVersion(this.#state.newest(id), newest) || (current !== undefined && json === undefined)) continue;
      const written = await this.#write(id, () => {
        if (current === undefined || json === undefined) throw this.#notFound(id);
        checkRevision(this.name, id, options, current);
        const body = interpretBody(this.#untyped, current, json) as Body;
        const changed = change(body, headOf(current));
        return changed === undefined
          ? undefined
          : preparePut(this.#engine, this.#untyped, id, changed, options, current);
      });
      return headOf(written ?? (current as Version));
    }
  }

  async delete(id: string, options: RevisionOptions = {}): Promise<boolean> {
    let existed = false;
    const prepare = (current: Version | undefined): PreparedWrite | undefined => {
      checkRevision(this.name, id, options, current);
      existed = current !== undefined;
      return current === undefined ? undefined : prepareDelete(this.#state, id, current);
    };
    // A deletion makes room: it does not wait for any.
    await this.#write(id, prepare, { waits: false });
    return existed;
  }

  async *watch(options: WatchOptions = {}): AsyncGenerator<Change, void, undefined> {
    for await (const change of this.#engine.changes.follow(options.since, options.signal)) {
      const operations = change.operations.filter(({ collection }) => collection === this.name);
      if (operations.length > 0) yield { ...change, operations };
    }
  }

  get #untyped(): CollectionDefinition<unknown> {
    return this.#definition;
  }

  /**
   * Prepares a write against the newest version and commits it, without giving way in between. `prepare` returns
   * `undefined` to leave everything as it is.
   */
  async #write(
    id: string,
    prepare: (current: Version | undefined) => PreparedWrite | undefined,
    { waits }: { readonly waits: boolean } = { waits: true },
  ): Promise<Version | undefined> {
    checkId(id);
    const committer = this.#committer();
    const admission = waits ? this.#engine.admission() : undefined;
    if (admission !== undefined) await admission;
    const current = living(this.#engine, this.#state.newest(id));
    let write: PreparedWrite | undefined;
    try {
      write = prepare(current);
    } catch (error) {
      await this.#settle(id);
      throw error;
    }
    if (write === undefined) {
      await this.#settle(id);
      return undefined;
    }
    const { last, outcome } = committer.commit([write]);
    await outcome;
    return last;
  }

  async #replace(id: string, prepare: (current: Version | undefined) => PreparedWrite): Promise<DocumentHead> {
    return headOf((await this.#write(id, prepare)) as Version);
  }

  /**
   * An answer that rests on a version which is still on its way, such as "it exists already", waits until that version
   * is durable: else a crash could take back what the answer was based on.
   */
  async #settle(id: string): Promise<void> {
    const pending = this.#state.pending.get(id);
    if (pending !== undefined) await this.#engine.committer?.settled(pending.sequence);
  }

  #committer(): Committer {
    this.#engine.condition.assertReadable();
    if (this.#engine.committer === undefined) {
      throw new HoldfastError(
        "READ_ONLY",
        `The state directory was opened for reading; ${this.name} can not be changed.`,
      );
    }
    return this.#engine.committer;
  }

  /** @returns `undefined` if the file holds another version by now. */
  async #newestBody(version: Version): Promise<string | undefined> {
    const read = await this.#engine.bodies.read(this.name, version);
    if (read !== "replaced") return read.json;
    await this.#engine.replaced(this.#state, version);
    return undefined;
  }

  #notFound(id: string): HoldfastError {
    return new HoldfastError("NOT_FOUND", `${this.name} has no document ${JSON.stringify(id)}.`, {
      details: { collection: this.name, id },
    });
  }
}
