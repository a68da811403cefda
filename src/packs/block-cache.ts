/** A piece of an index in memory, checked. Whoever uses one sets {@link recent}. */
export abstract class CachedPiece {
  /** Whether it was used since the cache last looked. */
  recent = true;
  /** @internal The ring of the cache that keeps it. */
  next: CachedPiece | undefined;
  /** @internal */
  previous: CachedPiece | undefined;

  /** Bytes of memory that it takes, its own object roughly included. */
  abstract readonly weight: number;
  /** Where its owner looks for it, and at which place: that is emptied when the piece is given up. */
  readonly #home: (CachedPiece | undefined)[];
  readonly #place: number;

  constructor(home: (CachedPiece | undefined)[], place: number) {
    this.#home = home;
    this.#place = place;
  }

  /** @internal */
  enter(): void {
    this.#home[this.#place] = this;
  }

  /** @internal */
  leave(): void {
    this.#home[this.#place] = undefined;
  }
}

/**
 * Pieces of indexes, bounded by bytes and shared by all packs of a store. Owners find their pieces by themselves, in an
 * array, so that a look-up costs nothing here; the cache only decides which piece has to go, by the CLOCK rule: a hand
 * goes round, and what was not used since it last came by is given up.
 */
export class BlockCache {
  /** The most bytes it keeps. */
  readonly capacityBytes: number;
  #bytes = 0;
  /** The next piece to be looked at; newcomers enter behind it, so they are looked at last. */
  #hand: CachedPiece | undefined;

  /** @param capacityBytes the most bytes it keeps. A piece that is larger is used once and not kept. */
  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
  }

  /** How many bytes it keeps now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes in a piece, at the cost of others. */
  keep(piece: CachedPiece): void {
    if (piece.weight > this.capacityBytes) return;
    while (this.#bytes + piece.weight > this.capacityBytes) this.#giveOneUp();
    const hand = this.#hand;
    if (hand === undefined) {
      piece.next = piece;
      piece.previous = piece;
      this.#hand = piece;
    } else {
      const last = hand.previous as CachedPiece;
      last.next = piece;
      piece.previous = last;
      piece.next = hand;
      hand.previous = piece;
    }
    this.#bytes += piece.weight;
    piece.enter();
  }

  /** Gives up pieces whose owner is gone. */
  drop(pieces: readonly (CachedPiece | undefined)[]): void {
    for (const piece of pieces) if (piece !== undefined) this.#remove(piece);
  }

  #giveOneUp(): void {
    let piece = this.#hand as CachedPiece;
    while (piece.recent) {
      piece.recent = false;
      piece = piece.next as CachedPiece;
    }
    this.#hand = piece;
    this.#remove(piece);
  }

  #remove(piece: CachedPiece): void {
    const { next, previous } = piece;
    if (next === piece) {
      this.#hand = undefined;
    } else {
      (previous as CachedPiece).next = next;
      (next as CachedPiece).previous = previous;
      if (this.#hand === piece) this.#hand = next;
    }
    piece.next = undefined;
    piece.previous = undefined;
    this.#bytes -= piece.weight;
    piece.leave();
  }
}
