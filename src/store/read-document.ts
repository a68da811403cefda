import { CachedPiece } from "../packs/index.js";
import type { Version } from "./version.js";

/** What a document weighs in memory besides its body, roughly: its head, and the entries it is found by. */
const overhead = 1000;

/** Bytes of memory that a document takes whose body, as JSON, is so long. */
export function weightOf(jsonLength: number): number {
  return jsonLength + overhead;
}

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
    this.weight = weightOf(json.length);
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
