import type { CollectionDefinition, IndexValue } from "../collections/index.js";
import { isHoldfastError } from "../errors.js";
import {
  creationKey,
  declaredKey,
  type ClockCache,
  type Pack,
  type PackColumns,
  type PackedPlace,
  type WalkedEntry,
} from "../packs/index.js";
import { compareByCreation, compareByKey, type ComparePlaces, type Place } from "./document-order.js";
import { hasKeys } from "./index-keys.js";
import { PackedListed, type Listed } from "./listed.js";
import { mergeInOrder } from "./merge-in-order.js";
import { PackedVersion, PackSet } from "./pack-set.js";
import { PackedReads } from "./packed-reads.js";
import { RecentOrders } from "./recent-orders.js";
import { unreadableVersion } from "./unreadable-version.js";
import { versionOfEnvelope, type Version } from "./version.js";

/** The largest number that a key of creation has room for. */
const largestSequence = 2 ** 48 - 1;

/** Those of what is in packs are in the packs' indexes. */
const noKeys: Version["keys"] = [];

/**
 * To go through all that is in memory costs less for each document than to look for one, so many times less at least.
 * With thousands of documents in one checkpoint, that makes the difference of some tens of milliseconds in one turn.
 */
const fewMoved = 8;

/**
 * The documents of one collection. Those in packs are found through the packs' indexes, and take no memory; above them
 * lie, in memory, heads and index values of all that is newer: loose documents, and what no checkpoint has moved yet.
 */
export class CollectionState {
  readonly name: string;
  definition: CollectionDefinition<unknown> | undefined;
  /**
   * Acknowledged versions that are in no pack; a deletion only as long as it hides a packed document. Whatever stands
   * here stands in place of what the packs say.
   */
  readonly recent = new Map<string, Version>();
  /** Versions on their way to the journal, deletions among them; what `update` builds on. */
  readonly pending = new Map<string, Version>();
  /** Acknowledged versions, deletions among them, that are not in the collection's files yet. */
  dirty = new Map<string, Version>();
  /** The ids that have a loose file. */
  readonly loose = new Set<string>();
  /** The earliest moment at which one of the documents may expire. */
  soonestExpiry = Number.POSITIVE_INFINITY;
  /** Resolves when the index values of documents that were there before the definition have been gathered. */
  indexing: Promise<void> | undefined;
  /**
   * Resolves when the checkpoint or merge is over that is about to put other packs in the place of these. Whoever gives
   * one of them another index waits for it: what it began with it would put back, closed by then.
   */
  repacking: Promise<void> | undefined;
  /** What was read from the packs; what takes its place there stands in {@link recent} first, and is packed from there. */
  readonly #read: PackedReads;
  readonly #cache: ClockCache;
  /** Whether a checkpoint is moving documents; see {@link beginMoving}. */
  #isMoving = false;
  #packs = PackSet.empty;
  #size = 0;
  /** Of what is in {@link recent}, once somebody has asked for it. */
  #orders: RecentOrders | undefined;

  /** @param cache keeps documents that were read from packs. */
  constructor(name: string, cache: ClockCache) {
    this.name = name;
    this.#cache = cache;
    this.#read = new PackedReads(cache);
  }

  /** How many documents there are; expired ones that have not been removed count. */
  get size(): number {
    return this.#size;
  }

  get packs(): PackSet {
    return this.#packs;
  }

  /**
   * The acknowledged version; `undefined` if there is no such document. Reads it, if it is in a pack; for one that is
   * damaged there, what can be said of it without: see `unreadable-version.ts`.
   */
  find(id: string): Version | undefined {
    const recent = this.recent.get(id);
    if (recent !== undefined) return recent.deleted ? undefined : recent;
    if (this.#packs.packs.length === 0) return undefined;
    const kept = this.#read.find(id);
    if (kept !== undefined) return kept;
    const found = this.#packs.find(id);
    return found === undefined || found.place.deleted ? undefined : this.#findReadable(found);
  }

  /** The version of a listed document, read now if it is in a pack. @throws HoldfastError `CORRUPT` */
  versionOf({ version, packed, read }: Listed): Version {
    return version ?? read ?? this.#readPacked(packed as PackedVersion);
  }

  /** The newest version, acknowledged or not; a deletion on its way counts. */
  newest(id: string): Version | undefined {
    return this.pending.get(id) ?? this.find(id);
  }

  /** The commit that wrote the acknowledged version or deletion; `undefined` if nothing is known of the id. */
  sequenceOf(id: string): number | undefined {
    return this.recent.get(id)?.sequence ?? this.#packs.find(id)?.place.sequence;
  }

  /**
   * Whether a version from the journal is known already, or a newer one. A deletion in the same commit came before it:
   * whoever writes the id of an expired document anew deletes that first.
   */
  supersedes(version: Version): boolean {
    const recent = this.recent.get(version.id);
    if (recent === undefined) return this.#packs.supersedes(version);
    return recent.sequence > version.sequence || (recent.sequence === version.sequence && !recent.deleted);
  }

  /** The newest version of the collection's schema that one of its documents may have; at least 1. */
  get largestSchemaVersion(): number {
    let largest = 1;
    for (const { schemaVersion } of this.recent.values()) largest = Math.max(largest, schemaVersion);
    for (const { summary } of this.#packs.packs) largest = Math.max(largest, summary.largestSchemaVersion);
    return largest;
  }

  /** The order of listings. */
  get compare(): ComparePlaces {
    const { definition } = this;
    return definition?.order === undefined ? compareByCreation : compareByKey(Object.keys(definition.indexes).length);
  }

  /** Where something stands in the order of listings, as a string. */
  orderKeyOf(place: Place): string {
    const { definition } = this;
    // What a transaction has not committed yet stands behind everything that has a number.
    if (definition?.order === undefined)
      return creationKey(Math.min(place.createdSequence, largestSequence), place.createdIndex);
    return declaredKey(place.keys[Object.keys(definition.indexes).length], place.id);
  }

  /** What the index of a pack must be sorted by to serve the definition. */
  get columns(): PackColumns {
    const { definition } = this;
    if (definition === undefined || !hasKeys(definition)) return { schemaVersion: null, indexes: [], order: null };
    return {
      schemaVersion: definition.version,
      indexes: Object.values(definition.indexes).map(({ path }) => path),
      order: definition.order?.path ?? null,
    };
  }

  /** All documents, or those with one value of an index, in the order of listings, from behind a place on. */
  walk(options: {
    readonly direction: "asc" | "desc";
    readonly index?: number | undefined;
    readonly value?: IndexValue | undefined;
    readonly after?: Place | undefined;
  }): Iterable<Listed> {
    const { direction, index, value, after } = options;
    if (index !== undefined && value === undefined) return [];
    const indexes = Object.keys(this.definition?.indexes ?? {}).length;
    this.#orders ??= new RecentOrders(this.recent.values(), this.compare, indexes);
    const order = this.#orders.order(index, value);
    const recent = order === undefined || order.size === 0 ? [] : [this.#listRecent(order.walk(direction, after))];
    const { packs } = this.#packs;
    const table = index ?? (this.definition?.order === undefined ? "created" : "order");
    const range = {
      direction,
      ...(value === undefined ? {} : { value }),
      ...(after === undefined ? {} : { after: this.orderKeyOf(after) }),
    };
    const packed = packs.map((pack, position) => this.#listPacked(pack, position, pack.walk(table, range)));
    return mergeInOrder([...recent, ...packed], direction);
  }

  /** Packed documents whose time has come, the earliest first. */
  *expiredInPacks(now: number): Generator<PackedPlace> {
    for (const [position, pack] of this.#packs.packs.entries()) {
      for (const { expiresAtMs, ordinal } of pack.expiring()) {
        if (expiresAtMs > now) break;
        const place = pack.at(ordinal);
        if (!this.#isHidden(position, place.id)) yield place;
      }
    }
  }

  /** How many documents there are whose time has not come. */
  countLiving(now: number): number {
    if (this.soonestExpiry > now) return this.#size;
    let expired = 0;
    for (const version of this.recent.values()) if (!version.deleted && version.expiresAtMs <= now) expired += 1;
    const packed = this.expiredInPacks(now);
    while (packed.next().done !== true) expired += 1;
    return this.#size - expired;
  }

  /** When the next document expires after `now`; those expired already do not count. */
  nextExpiry(now: number): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (const { expiresAtMs } of this.recent.values()) if (expiresAtMs > now) soonest = Math.min(soonest, expiresAtMs);
    for (const pack of this.#packs.packs) {
      for (const { expiresAtMs } of pack.expiring()) {
        if (expiresAtMs <= now) continue;
        soonest = Math.min(soonest, expiresAtMs);
        break;
      }
    }
    return soonest;
  }

  /** Takes in a version that is now durable. */
  acknowledge(version: Version): void {
    if (this.pending.get(version.id) === version) this.pending.delete(version.id);
    this.#replace(version);
    this.dirty.set(version.id, version);
  }

  /** Takes in a version without putting it into the orders. Only before somebody asks for them. */
  load(version: Version): void {
    this.#count(version);
    this.#keep(version);
  }

  /** {@link load} of a document that is known not to have been there before. */
  loadNew(version: Version): void {
    this.#size += 1;
    this.#keep(version);
  }

  /** Takes over the documents of another state of the same collection. @returns its own packs, for the caller to retire. */
  adopt(other: CollectionState): readonly Pack[] {
    const former = this.#packs;
    this.forgetRead();
    other.forgetRead();
    this.recent.clear();
    for (const [id, version] of other.recent) this.recent.set(id, version);
    this.dirty = other.dirty;
    this.#packs = other.#packs;
    this.#size = other.#size;
    this.soonestExpiry = other.soonestExpiry;
    this.forgetOrders();
    return former.packs.filter((pack) => !this.#packs.packs.includes(pack));
  }

  /** Gives up all documents: there are none any more. @returns its packs, for the caller to retire. */
  clear(): readonly Pack[] {
    return this.adopt(new CollectionState(this.name, this.#cache));
  }

  /** Gives back the memory of what was read from packs. */
  forgetRead(): void {
    this.#read.forgetAll();
  }

  /** Begins with these packs. Only before anything else is loaded. */
  begin(packs: PackSet): void {
    this.#packs = packs;
    this.#size = packs.documents;
    this.#notePackedExpiry();
  }

  /**
   * A checkpoint has taken {@link dirty}: from now on any of it, and any loose document, may be on its way into a pack.
   * Until {@link endMoving} every deletion is remembered: else the pack would bring back, as soon as it is listed, what
   * was deleted while it was being written.
   */
  beginMoving(): void {
    this.#isMoving = true;
  }

  /** The checkpoint is complete, or has failed: only deletions of packed documents need to be remembered. */
  endMoving(): void {
    this.#isMoving = false;
    for (const [id, version] of this.dirty)
      if (version.deleted && this.recent.get(id) === version && !this.#packs.has(id)) this.recent.delete(id);
  }

  /**
   * Puts other packs in the place of those there were: the same documents, and those of `moved` besides, whose versions
   * in memory then give way. One step, so nobody sees a document twice or not at all.
   *
   * A reader may have taken in the deletion of a document that was in no pack, and needed no tombstone, before it takes
   * in the pack that the document had gone into by then: the deletion has to hide it from now on.
   */
  repack(packs: PackSet, moved: Iterable<Version>): void {
    this.#packs = packs;
    for (const version of this.dirty.values()) {
      if (!version.deleted || this.recent.has(version.id)) continue;
      const place = packs.find(version.id)?.place;
      if (place?.deleted === false && place.sequence < version.sequence) this.recent.set(version.id, version);
    }
    const gone: Version[] = [];
    for (const version of moved) {
      if (this.recent.get(version.id) !== version) continue;
      this.recent.delete(version.id);
      gone.push(version);
    }
    if (gone.length * fewMoved > this.recent.size) this.forgetOrders();
    else for (const version of gone) if (!version.deleted) this.#orders?.remove(version);
    this.#notePackedExpiry();
  }

  /** Puts in the place of a damaged pack what can be read of it, and counts anew. */
  salvage(packs: PackSet): void {
    this.#packs = packs;
    this.countAnew();
    this.#notePackedExpiry();
  }

  /**
   * After documents may have been lost with a damaged pack, or deletions with the journal: none of them is counted, or
   * found where it was read before.
   */
  countAnew(): void {
    let size = this.#packs.documents;
    for (const { id, deleted } of this.recent.values()) size += (deleted ? 0 : 1) - (this.#packs.has(id) ? 1 : 0);
    if (size !== this.#size) this.forgetRead();
    this.#size = size;
  }

  /**
   * Has the orders made anew when they are next asked for: for when index values were set from outside, or much was
   * moved out of memory at once.
   */
  forgetOrders(): void {
    this.#orders = undefined;
  }

  #findReadable(packed: PackedVersion): Version {
    try {
      return this.#readPacked(packed);
    } catch (error) {
      // Damage to an index says nothing of this document: whether there is a newer one, nobody knows then.
      if (!isHoldfastError(error, "CORRUPT") || error.details["path"] !== packed.pack.path) throw error;
      return unreadableVersion(packed, error);
    }
  }

  #readPacked(packed: PackedVersion): Version {
    const { envelope, body } = packed.pack.readNow(packed.place);
    const version = versionOfEnvelope(envelope, body.length, noKeys, body, packed);
    // Only what is the newest may be found here later, and a listing reads what was that when it began.
    if (this.#read.wants(packed, body.length)) {
      const position = this.#packs.packs.indexOf(packed.pack);
      if (position >= 0 && !this.#isHidden(position, envelope.id)) this.#read.keep(version);
    }
    return version;
  }

  *#listRecent(versions: Iterable<Version>): Generator<Listed> {
    for (const version of versions) {
      const { id, expiresAtMs } = version;
      yield { id, orderKey: this.orderKeyOf(version), expiresAtMs, version, packed: undefined, read: undefined };
    }
  }

  *#listPacked(pack: Pack, position: number, entries: Iterable<WalkedEntry>): Generator<Listed> {
    const read = this.#read.in(pack);
    for (const entry of entries) {
      const version = read(entry.ordinal);
      const packed = version?.packed ?? new PackedVersion(pack, pack.at(entry.ordinal));
      if (!this.#isHidden(position, packed.place.id)) yield new PackedListed(entry, packed, version);
    }
  }

  #isHidden(position: number, id: string): boolean {
    return this.recent.has(id) || this.#packs.isReplaced(position, id);
  }

  #notePackedExpiry(): void {
    for (const pack of this.#packs.packs) {
      for (const { expiresAtMs } of pack.expiring()) {
        this.soonestExpiry = Math.min(this.soonestExpiry, expiresAtMs);
        break;
      }
    }
  }

  #replace(version: Version): void {
    const former = this.recent.get(version.id);
    if (former !== undefined && !former.deleted) this.#orders?.remove(former);
    // A first revision that is acknowledged has nothing before it: what was there was deleted, if only in the same commit.
    if (former === undefined && version.revision === 1 && !version.deleted) this.#size += 1;
    else this.#count(version);
    this.#keep(version);
    if (!version.deleted) this.#orders?.insert(version);
  }

  #count(version: Version): void {
    const former = this.recent.get(version.id);
    const existed = former === undefined ? this.#packs.has(version.id) : !former.deleted;
    this.#size += (version.deleted ? 0 : 1) - (existed ? 1 : 0);
  }

  #keep(version: Version): void {
    this.#read.forget(version.id);
    if (!version.deleted) {
      this.recent.set(version.id, version);
      if (version.expiresAt !== undefined) this.soonestExpiry = Math.min(this.soonestExpiry, version.expiresAtMs);
    } else if (this.#isMoving || this.#packs.has(version.id)) this.recent.set(version.id, version);
    else this.recent.delete(version.id);
  }
}
