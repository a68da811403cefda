import type { Block } from "./block.js";

/** What a walk along a table comes upon. */
export class WalkedEntry {
  /** The number of the document. */
  readonly ordinal: number;
  readonly #block: Block;
  readonly #index: number;
  readonly #from: number;
  #orderKey: string | undefined;

  /** @param from where in the entry's key the order key begins. */
  constructor(block: Block, index: number, from: number) {
    this.ordinal = block.ordinalAt(index);
    this.#block = block;
    this.#index = index;
    this.#from = from;
  }

  /** Where the document stands in the order. A text that is made when it is asked for: most listings never compare any. */
  get orderKey(): string {
    return (this.#orderKey ??= this.#block.keyText(this.#index, this.#from));
  }
}
