import { describe, expect, test } from "vitest";
import { CachedPiece, ClockCache } from "../../src/packs/index.js";

/** A piece that weighs 1 and says whether the cache keeps it. */
class Piece extends CachedPiece {
  readonly weight = 1;
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

describe("what is offered", () => {
  test("is taken in while there is room", () => {
    const cache = new ClockCache(10);
    const offered = pieces(10);
    for (const piece of offered) cache.offer(piece);
    expect(keptOf(offered)).toBe(10);
    expect(cache.bytes).toBe(10);
  });

  test("exchanges little of what is kept when it goes all over a store that is larger", () => {
    const cache = new ClockCache(100);
    const first = pieces(100);
    for (const piece of first) cache.offer(piece);
    for (const piece of pieces(400)) cache.offer(piece);
    expect(keptOf(first)).toBeGreaterThanOrEqual(50);
    expect(cache.bytes).toBe(100);
  });

  test("comes in when it is asked for again and again, and stays as long as it is", () => {
    const cache = new ClockCache(100);
    for (const piece of pieces(100)) cache.offer(piece);
    const wanted = pieces(20);
    for (let round = 0; round < 40; round += 1) {
      for (const piece of wanted) {
        if (piece.isKept) piece.recent = true;
        else cache.offer(piece);
      }
    }
    expect(keptOf(wanted)).toBe(20);
    for (const piece of pieces(5000)) {
      cache.offer(piece);
      for (const each of wanted) each.recent = true;
    }
    expect(keptOf(wanted)).toBeGreaterThanOrEqual(18);
  });
});
