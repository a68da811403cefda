import { CachedPiece } from "./clock-cache.js";

/** A piece of a pack's index. Its table finds it in an array, so that a look-up costs nothing. */
export abstract class IndexPiece extends CachedPiece {
  readonly #home: (CachedPiece | undefined)[];
  readonly #place: number;

  /** @param home where its owner looks for it, at `place`: that is emptied when the piece is given up. */
  constructor(home: (CachedPiece | undefined)[], place: number) {
    super();
    this.#home = home;
    this.#place = place;
  }

  /** @internal */
  override enter(): void {
    this.#home[this.#place] = this;
  }

  /** @internal */
  override leave(): void {
    this.#home[this.#place] = undefined;
  }
}
