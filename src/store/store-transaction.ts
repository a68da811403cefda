import { checkId } from "../collections/check-id.js";
import type {
  CollectionDefinition,
  Document,
  DocumentHead,
  ListOptions,
  Page,
  RevisionOptions,
  Transaction,
  TransactionCollection,
  WriteOptions,
} from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import type { CollectionState } from "./collection-state.js";
import type { PreparedWrite } from "./committer.js";
import { living, type Engine } from "./engine.js";
import { documentOf, interpretBody } from "./interpret-body.js";
import type { Listed } from "./listed.js";
import { checkRevision, prepareDelete, preparePut } from "./prepare-write.js";
import { parseQuery, select, type Query, type Selection } from "./select.js";
import { assertReadable, originOf } from "./unreadable-version.js";
import { headOf, isSameVersion, tombstoneOf, type Version } from "./version.js";

/** A read that the transaction rests on: as long as it gives the same versions, the transaction may commit. */
type Observation =
  | { readonly state: CollectionState; readonly id: string; readonly seen: Version | undefined }
  | {
      readonly state: CollectionState;
      readonly query: Query;
      readonly seen: readonly Listed[];
      readonly hasMore: boolean;
    };

function isSameListed(left: Listed, right: Listed): boolean {
  if (left.version !== undefined || right.version !== undefined) return left.version === right.version;
  return left.id === right.id && left.packed?.place.sequence === right.packed?.place.sequence;
}

/** Thrown inside a transaction that has lost the race already; it runs again. */
export class TransactionRestart extends Error {}

interface OwnWrite {
  /** When the document was first written, among the transaction's writes. */
  readonly place: number;
  readonly prepared: PreparedWrite;
  /** The version as the transaction's own reads see it. */
  readonly version: Version;
}

/**
 * A transaction in the making. It reads the newest versions, acknowledged or not, notes what it saw, and keeps its
 * writes to itself. Committing checks, in one go, that every observation still holds.
 */
export class StoreTransaction implements Transaction {
  readonly engine: Engine;
  readonly #observations: Observation[] = [];
  readonly #writes = new Map<CollectionState, Map<string, OwnWrite>>();
  #bytes = 0;
  #place = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  collection<Body>(definition: CollectionDefinition<Body>): TransactionCollection<Body> {
    return new CollectionInTransaction(this, this.engine.attach(definition), definition);
  }

  /** What was written, in the order of first writing. A document that came and went within is not among it. */
  get writes(): PreparedWrite[] {
    const own = [...this.#writes.values()].flatMap((writes) => [...writes.values()]);
    return own
      .filter(({ prepared }) => prepared.content !== undefined || prepared.replaces !== undefined)
      .sort((left, right) => left.place - right.place)
      .map(({ prepared }) => prepared);
  }

  /** The newest version on its way that something was read from; 0 if all of it is durable. */
  get newestRead(): number {
    let newest = 0;
    for (const observation of this.#observations) {
      const seen = "id" in observation ? [observation.seen] : observation.seen.map(({ version }) => version);
      // What is in a pack is durable.
      for (const version of seen) newest = Math.max(newest, version?.sequence ?? 0);
    }
    return newest;
  }

  stillHolds(): boolean {
    return this.#observations.every((observation) => {
      const { state } = observation;
      if ("id" in observation) return isSameVersion(state.newest(observation.id), observation.seen);
      const { found, hasMore } = this.#select(state, observation.query, state.pending);
      return (
        hasMore === observation.hasMore &&
        found.length === observation.seen.length &&
        found.every((listed, index) => isSameListed(listed, observation.seen[index] as Listed))
      );
    });
  }

  own(state: CollectionState, id: string): OwnWrite | undefined {
    return this.#writes.get(state)?.get(id);
  }

  observe(state: CollectionState, id: string): Version | undefined {
    const seen = state.newest(id);
    this.#observations.push({ state, id, seen });
    return living(this.engine, seen);
  }

  list(state: CollectionState, query: Query): Selection {
    const own = this.#writes.get(state);
    // Own writes may hide some of what others wrote: enough is observed to fill the page all the same. A cursor among
    // the own writes is unknown to the others, so then the whole collection is observed.
    const cursor = query.after ?? query.before;
    const ownCursor = typeof cursor === "string" && own?.has(cursor) === true;
    const observed: Query = {
      ...query,
      ...(ownCursor
        ? { after: undefined, before: undefined, limit: Number.MAX_SAFE_INTEGER }
        : { limit: query.limit + (own?.size ?? 0) }),
    };
    const others = this.#select(state, observed, state.pending);
    this.#observations.push({ state, query: observed, seen: others.found, hasMore: others.hasMore });
    if (own === undefined) return others;
    const overlay = new Map(state.pending);
    for (const [id, { version }] of own) overlay.set(id, version);
    return this.#select(state, query, overlay);
  }

  write(prepared: PreparedWrite): void {
    const { collection, id, content, replaces } = prepared;
    this.#bytes += content?.body.length ?? 0;
    if (this.#bytes > this.engine.limits.transactionBytes) {
      throw new HoldfastError(
        "DOCUMENT_TOO_LARGE",
        `The transaction has more than ${this.engine.limits.transactionBytes} bytes; split it.`,
      );
    }
    let writes = this.#writes.get(collection);
    if (writes === undefined) this.#writes.set(collection, (writes = new Map<string, OwnWrite>()));
    const place = writes.get(id)?.place ?? this.#place++;
    writes.set(id, { place, prepared, version: provisional(prepared, replaces, place) });
  }

  #select(state: CollectionState, query: Query, overlay: ReadonlyMap<string, Version>): Selection {
    return select(state, query, overlay, this.engine.expiry.now());
  }
}

/**
 * A version as the transaction itself sees it: behind everything there is, in the order of writing. A document that
 * existed keeps its place in listings.
 */
function provisional({ id, content }: PreparedWrite, replaces: Version | undefined, place: number): Version {
  const future = Number.MAX_SAFE_INTEGER;
  const origin = originOf(replaces);
  if (content === undefined) return tombstoneOf(origin, id, (replaces?.revision ?? 0) + 1, future, "");
  return {
    id,
    deleted: false,
    revision: (replaces?.revision ?? 0) + 1,
    sequence: future,
    schemaVersion: content.schemaVersion,
    createdAt: origin?.createdAt ?? "",
    createdSequence: origin?.createdSequence ?? future,
    createdIndex: origin?.createdIndex ?? place,
    updatedAt: "",
    expiresAt: content.expiresAt,
    expiresAtMs: content.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(content.expiresAt),
    unknown: origin?.unknown,
    packed: undefined,
    bodyLength: content.body.length,
    body: content.body,
    keys: content.keys,
  };
}

class CollectionInTransaction<Body> implements TransactionCollection<Body> {
  readonly #transaction: StoreTransaction;
  readonly #state: CollectionState;
  readonly #definition: CollectionDefinition<Body>;

  constructor(transaction: StoreTransaction, state: CollectionState, definition: CollectionDefinition<Body>) {
    this.#transaction = transaction;
    this.#state = state;
    this.#definition = definition;
  }

  get name(): string {
    return this.#state.name;
  }

  async get(id: string): Promise<Document<Body> | undefined> {
    checkId(id);
    const version = this.#current(id);
    return version === undefined ? undefined : documentOf(this.#definition, version, await this.#body(version));
  }

  async list(options: ListOptions = {}): Promise<Page<Body>> {
    const query = parseQuery(this.#state, options);
    options.signal?.throwIfAborted();
    if (this.#state.indexing !== undefined) await this.#state.indexing;
    const { found, hasMore } = this.#transaction.list(this.#state, query);
    const documents: Document<Body>[] = [];
    await this.#state.packs.use(async () => {
      for (const listed of found) {
        const version = this.#state.versionOf(listed);
        documents.push(documentOf(this.#definition, version, await this.#body(version)));
      }
    });
    return { documents, hasMore };
  }

  async count(options: Pick<ListOptions, "where"> = {}): Promise<number> {
    const query = { ...parseQuery(this.#state, options), limit: Number.MAX_SAFE_INTEGER / 2 };
    if (this.#state.indexing !== undefined) await this.#state.indexing;
    return this.#transaction.list(this.#state, query).found.length;
  }

  async insert(id: string, body: Body, options: Pick<WriteOptions, "expiresAt"> = {}): Promise<void> {
    checkId(id);
    const current = this.#current(id);
    assertReadable(current);
    if (current !== undefined) {
      throw new HoldfastError("ALREADY_EXISTS", `${this.name} has a document ${JSON.stringify(id)} already.`, {
        details: { collection: this.name, id },
      });
    }
    this.#put(id, body, options, current);
    return Promise.resolve();
  }

  async put(id: string, body: Body, options: WriteOptions = {}): Promise<void> {
    checkId(id);
    this.#put(id, body, options, this.#current(id));
    return Promise.resolve();
  }

  async update(
    id: string,
    change: (body: Body, head: DocumentHead) => Body | undefined,
    options: WriteOptions = {},
  ): Promise<void> {
    checkId(id);
    const current = this.#current(id);
    if (current === undefined) {
      throw new HoldfastError("NOT_FOUND", `${this.name} has no document ${JSON.stringify(id)}.`, {
        details: { collection: this.name, id },
      });
    }
    checkRevision(this.name, id, options, current);
    const json = await this.#body(current);
    const changed = change(interpretBody(this.#untyped, current, json) as Body, headOf(current));
    if (changed !== undefined) this.#put(id, changed, options, current);
  }

  async delete(id: string, options: RevisionOptions = {}): Promise<boolean> {
    checkId(id);
    const current = this.#current(id);
    checkRevision(this.name, id, options, current);
    if (current === undefined) return Promise.resolve(false);
    this.#transaction.write(prepareDelete(this.#state, id, this.#replacedBy(id, current)));
    return Promise.resolve(true);
  }

  get #untyped(): CollectionDefinition<unknown> {
    return this.#definition;
  }

  /** The transaction's own version, or the newest there is. */
  #current(id: string): Version | undefined {
    const own = this.#transaction.own(this.#state, id);
    if (own !== undefined) return own.version.deleted ? undefined : own.version;
    return this.#transaction.observe(this.#state, id);
  }

  /** The stored version behind the transaction's own: writing twice makes one new revision, not two. */
  #replacedBy(id: string, current: Version | undefined): Version | undefined {
    const own = this.#transaction.own(this.#state, id);
    return own === undefined ? current : own.prepared.replaces;
  }

  #put(id: string, body: Body, options: WriteOptions, current: Version | undefined): void {
    checkRevision(this.name, id, options, current);
    // Checked against what the transaction sees; the stored version behind its own write has another revision.
    const { expiresAt } = options;
    const unconditional = expiresAt === undefined ? {} : { expiresAt };
    this.#transaction.write(
      preparePut(this.#transaction.engine, this.#untyped, id, body, unconditional, this.#replacedBy(id, current)),
    );
  }

  async #body(version: Version): Promise<string> {
    const { engine } = this.#transaction;
    const read = await engine.bodies.read(this.name, version);
    if (read !== "replaced") return read.json;
    await engine.replaced(this.#state, version);
    throw new TransactionRestart("a document changed while the transaction read it");
  }
}
