import { describe, expect, test } from "vitest";
import { CachedPiece, ClockCache } from "../../src/packs/index.js";

const weight = 1024;

/** Bytes that so many pieces take. */
function roomFor(count: number): number {
  return count * weight;
}

let names = 0;

/** A piece that has a name and says whether the cache keeps it. */
class Piece extends CachedPiece {
  readonly weight = weight;
  readonly name = (names += 1);
  isKept = false;

  override enter(): void {
    this.isKept = true;
  }

  override leave(): void {
    this.isKept = false;
  }
}

function pieces(count: number): Piece[] {
  return Array.from({ length: count }, () => new Piece());
}

function keptOf(given: readonly Piece[]): number {
  return given.filter(({ isKept }) => isKept).length;
}

/** Reads pieces as an owner does: what is not kept is read, and kept if the cache wants it. */
function readAll(cache: ClockCache, read: readonly Piece[]): void {
  for (const piece of read) {
    if (piece.isKept) piece.recent = true;
    else if (cache.wants(piece.name, piece.weight)) cache.keep(piece);
  }
}

describe("what is read", () => {
  test("is kept when it is read again, while there is room", () => {
    const cache = new ClockCache(roomFor(16));
    const read = pieces(16);
    readAll(cache, read);
    expect(keptOf(read)).toBe(0);
    readAll(cache, read);
    expect(keptOf(read)).toBe(16);
    expect(cache.bytes).toBe(roomFor(16));
    expect(cache.hasRoomFor(1)).toBe(false);
  });

  test("is not kept if it is read once, however much there is of it", () => {
    const cache = new ClockCache(roomFor(100));
    readAll(cache, pieces(5000));
    expect(cache.bytes).toBe(0);
  });

  test("is not kept if it is larger than the cache", () => {
    const cache = new ClockCache(roomFor(10));
    for (let round = 0; round < 3; round += 1) expect(cache.wants(7, roomFor(10) + 1)).toBe(false);
    const none = new ClockCache(0);
    for (let round = 0; round < 3; round += 1) expect(none.wants(7, weight)).toBe(false);
  });

  test("is forgotten if so much else was read that the cache would not hold it", () => {
    const cache = new ClockCache(roomFor(16));
    const [first] = pieces(1) as [Piece];
    readAll(cache, [first]);
    readAll(cache, pieces(200));
    readAll(cache, [first]);
    expect(first.isKept).toBe(false);
  });

  test("exchanges little of what is kept when it goes all over a store that is larger", () => {
    const cache = new ClockCache(roomFor(100));
    const first = pieces(100);
    for (const piece of first) cache.keep(piece);
    const others = pieces(60);
    for (let round = 0; round < 4; round += 1) readAll(cache, others);
    expect(keptOf(first)).toBeGreaterThanOrEqual(70);
    expect(cache.bytes).toBe(roomFor(100));
  });

  test("comes in when it is asked for again and again, and stays as long as it is", () => {
    const cache = new ClockCache(roomFor(100));
    for (const piece of pieces(100)) cache.keep(piece);
    const wanted = pieces(20);
    for (let round = 0; round < 40; round += 1) readAll(cache, wanted);
    expect(keptOf(wanted)).toBe(20);
    const others = pieces(5000);
    for (let at = 0; at < others.length; at += 50) {
      const some = others.slice(at, at + 50);
      for (let round = 0; round < 2; round += 1) {
        readAll(cache, some);
        readAll(cache, wanted);
      }
    }
    expect(keptOf(wanted)).toBeGreaterThanOrEqual(18);
  });
});
