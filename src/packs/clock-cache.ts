import { RecentlySeen } from "./recently-seen.js";

/** Something in memory that can be had from a file again. Whoever uses one sets {@link recent}. */
export abstract class CachedPiece {
  /** Whether it was used since the cache last looked. */
  recent = true;
  /** @internal The ring of the cache that keeps it. */
  next: CachedPiece | undefined;
  /** @internal */
  previous: CachedPiece | undefined;

  /** Bytes of memory that it takes, its own object roughly included. */
  abstract readonly weight: number;

  /** @internal Puts it where its owner looks for it. */
  abstract enter(): void;

  /** @internal Takes it from where its owner looks for it. */
  abstract leave(): void;
}

/** Of so many wanted pieces that there is no room for, one is taken in. */
const wantedPerPlace = 8;
/** For so many bytes of the cache, the name of one piece that was asked for is remembered: in four bytes. */
const bytesPerName = 1024;

/**
 * What was read, bounded by bytes and shared by all packs or collections of a store. Owners find their pieces by
 * themselves, so that a look-up costs nothing here; the cache only decides which piece has to go, by the CLOCK rule: a
 * hand goes round, and what was not used since it last came by is given up.
 */
export class ClockCache {
  /** The most bytes it keeps. */
  readonly capacityBytes: number;
  #bytes = 0;
  /** How many pieces were wanted that there was no room for. */
  #wanted = 0;
  /** Made when somebody first asks whether to keep something. */
  #lookedFor: RecentlySeen | undefined;
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

  /** Whether a piece of this weight costs no other its place. */
  hasRoomFor(weight: number): boolean {
    return this.#bytes + weight <= this.capacityBytes;
  }

  /**
   * Whether what was just read is worth keeping: it was read before, and not long ago; and once there is no room left,
   * one in {@link wantedPerPlace} of that. Of what is asked for again and again each comes in soon, and what is asked
   * for most comes in first and stays.
   *
   * To keep what is read once costs more than reading it: what lives long is copied twice by the collection of garbage,
   * and needs memory that was not used yet. And were all of it kept, reads all over a store much larger than the cache
   * would exchange what is kept for what is no better.
   *
   * @param name a number that tells it from others, of which 32 bits count, and the lower ones should differ most. Two of
   * one name are taken for the same.
   * @param weight of the piece it would be.
   */
  wants(name: number, weight: number): boolean {
    if (weight > this.capacityBytes) return false;
    this.#lookedFor ??= new RecentlySeen(this.capacityBytes / bytesPerName);
    if (!this.#lookedFor.see(name)) return false;
    if (this.hasRoomFor(weight)) return true;
    this.#wanted += 1;
    return this.#wanted % wantedPerPlace === 0;
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
  drop(pieces: Iterable<CachedPiece | undefined>): void {
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
