import { CachedPiece } from "../packs/index.js";
import type { Version } from "./version.js";

/** What a document weighs in memory besides its body, roughly: its head, and the entries it is found by. */
const overhead = 700;

/** A document that was read from a file, kept in case it is wanted again. */
export class ReadDocument<Key> extends CachedPiece {
  readonly version: Version;
  /** The body as JSON. */
  readonly json: string;
  readonly weight: number;
  readonly #home: Map<Key, ReadDocument<Key>>;
  readonly #key: Key;

  /** @param home where it is looked for under `key`, for as long as it is kept. */
  constructor(home: Map<Key, ReadDocument<Key>>, key: Key, version: Version, json: string) {
    super();
    this.#home = home;
    this.#key = key;
    this.version = version;
    this.json = json;
    this.weight = json.length + overhead;
  }

  /** @internal */
  override enter(): void {
    this.#home.set(this.#key, this);
  }

  /** @internal */
  override leave(): void {
    this.#home.delete(this.#key);
  }
}

/** One that was read from a pack: listings find it there by its number, without making its id. */
export class ReadPacked extends ReadDocument<string> {
  readonly #inPack: Map<number, ReadPacked>;
  readonly #ordinal: number;

  /** @param inPack where it is looked for under `ordinal`, its number in the pack. */
  constructor(
    home: Map<string, ReadDocument<string>>,
    inPack: Map<number, ReadPacked>,
    ordinal: number,
    version: Version,
    json: string,
  ) {
    super(home, version.id, version, json);
    this.#inPack = inPack;
    this.#ordinal = ordinal;
  }

  /** @internal */
  override enter(): void {
    super.enter();
    this.#inPack.set(this.#ordinal, this);
  }

  /** @internal */
  override leave(): void {
    super.leave();
    this.#inPack.delete(this.#ordinal);
  }
}
