import { hashOfId } from "./id-filter.js";
import { KeyBytes } from "./key-bytes.js";

/**
 * The id that is being looked for, as packs look for it. One after the other is asked for the same id, and an insertion
 * asks more than once: what was made of it is kept until another one is looked for. Nothing gives way meanwhile.
 */
class SoughtId {
  readonly #key = new KeyBytes();
  #id: string | undefined;
  hash = 0;

  get bytes(): Buffer {
    return this.#key.bytes;
  }

  get length(): number {
    return this.#key.length;
  }

  /** Begins to look for an id. */
  be(id: string): this {
    if (id === this.#id) return this;
    this.#id = undefined;
    this.#key.clear().appendText(id);
    this.hash = hashOfId(this.#key.bytes, this.#key.length);
    this.#id = id;
    return this;
  }
}

export const soughtId = new SoughtId();
