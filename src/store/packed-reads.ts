import type { ClockCache, Pack } from "../packs/index.js";
import type { PackedVersion } from "./pack-set.js";
import { ReadDocument, weightOf } from "./read-document.js";
import type { Version } from "./version.js";

/** A version that is in a pack, read. */
type PackedRead = Version & { readonly packed: PackedVersion; readonly body: string };

/**
 * What was read from one collection's packs and is kept in case it is wanted again. A document has its place here only
 * as long as nothing newer of it is known.
 */
export class PackedReads {
  readonly #cache: ClockCache;
  readonly #byId = new Map<string, KeptRead>();
  /** The same by pack, and by the documents' numbers in it: listings find them without making their ids. */
  readonly #byPack = new WeakMap<Pack, Map<number, KeptRead>>();

  constructor(cache: ClockCache) {
    this.#cache = cache;
  }

  find(id: string): Version | undefined {
    return used(this.#byId.get(id));
  }

  /** @returns what finds those of a pack by their numbers in it. */
  in(pack: Pack): (ordinal: number) => Version | undefined {
    const byOrdinal = this.#of(pack);
    return (ordinal) => used(byOrdinal.get(ordinal));
  }

  /** Whether a document whose body is so long, and was just read from this place, should be kept. */
  wants({ pack, place }: PackedVersion, bodyLength: number): boolean {
    const { packBytes, documents, packChecksum } = pack.summary;
    const weight = weightOf(bodyLength);
    // Of a pack that fits in as a whole, each document would come in sooner or later: sooner is better.
    const packWeight = packBytes + documents * weightOf(0);
    if (packWeight <= this.#cache.capacityBytes && this.#cache.hasRoomFor(weight)) return true;
    // Two of one name only seem to have been read once more than they were.
    return this.#cache.wants(place.ordinal ^ packChecksum, weight);
  }

  /** Keeps it, if need be at the cost of others. */
  keep(version: PackedRead): void {
    // Two listings that began before either had read it both come here; what is here is the newest already.
    if (this.#byId.has(version.id)) return;
    this.#cache.keep(new KeptRead(this.#byId, this.#of(version.packed.pack), version));
  }

  /** Something newer is known. */
  forget(id: string): void {
    const kept = this.#byId.get(id);
    if (kept !== undefined) this.#cache.drop([kept]);
  }

  /** Gives back all memory. */
  forgetAll(): void {
    this.#cache.drop(this.#byId.values());
  }

  #of(pack: Pack): Map<number, KeptRead> {
    let byOrdinal = this.#byPack.get(pack);
    if (byOrdinal === undefined) this.#byPack.set(pack, (byOrdinal = new Map<number, KeptRead>()));
    return byOrdinal;
  }
}

class KeptRead extends ReadDocument<string> {
  readonly #byOrdinal: Map<number, KeptRead>;
  readonly #ordinal: number;

  constructor(byId: Map<string, KeptRead>, byOrdinal: Map<number, KeptRead>, version: PackedRead) {
    super(byId, version.id, version, version.body);
    this.#byOrdinal = byOrdinal;
    this.#ordinal = version.packed.place.ordinal;
  }

  /** @internal */
  override enter(): void {
    super.enter();
    this.#byOrdinal.set(this.#ordinal, this);
  }

  /** @internal */
  override leave(): void {
    super.leave();
    this.#byOrdinal.delete(this.#ordinal);
  }
}

function used(kept: KeptRead | undefined): Version | undefined {
  if (kept === undefined) return undefined;
  kept.recent = true;
  return kept.version;
}
