import { describe, expect, test } from "vitest";
import { Random } from "../drill/random.js";
import { judge, judgeLimit } from "./figures/judgement.js";
import type { Point } from "./figures/series.js";

const MiB = 1024 * 1024;
const tolerance = { absolute: MiB, share: 0.02 };
const minute = 60_000;

/** Ten minutes of a heap of 30 MiB, measured every five seconds, with noise and whatever is added. */
function heap(added: (at: number) => number, lengthMs = 10 * minute): Point[] {
  const random = new Random(1);
  return Array.from({ length: lengthMs / 5_000 + 1 }, (_, index) => {
    const at = index * 5_000;
    return { at, value: 30 * MiB + random.between(-2, 2) * MiB + added(at) };
  });
}

describe("a figure that", () => {
  test("grows by 30 MiB an hour under noise of 2 MiB grows, and by how much is told", () => {
    const { verdict, slopePerHour } = judge(
      heap((at) => (at / (60 * minute)) * 30 * MiB),
      tolerance,
    );
    expect(verdict).toBe("grows");
    expect(slopePerHour / MiB).toBeGreaterThan(20);
    expect(slopePerHour / MiB).toBeLessThan(40);
  });

  test("is only noisy is flat", () => {
    const judgement = judge(
      heap(() => 0),
      tolerance,
    );
    expect(judgement.verdict).toBe("flat");
    expect(judgement.noticedFromPerHour / MiB).toBeCloseTo(12, 0);
  });

  test("grows while it warms up, and then no more, is flat", () => {
    const warmUp = (at: number): number => Math.min(at, 2 * minute) * 10;
    expect(judge(heap(warmUp), tolerance).verdict).toBe("flat");
  });

  test("goes up and down like a saw, and up in the end, is flat", () => {
    const saw = (at: number): number => ((at % (100 * 1_000)) / 100_000) * 4 * MiB;
    expect(judge(heap(saw), tolerance).verdict).toBe("flat");
  });

  test("becomes smaller is flat", () => {
    expect(
      judge(
        heap((at) => -at * 20),
        tolerance,
      ).verdict,
    ).toBe("flat");
  });

  test("grows by one and stays there, where none is allowed, grows", () => {
    const points = heap(() => 0).map(({ at }) => ({ at, value: at < 6 * minute ? 3 : 4 }));
    expect(judge(points, { absolute: 0, share: 0 }).verdict).toBe("grows");
  });

  test("was measured for less than a minute, or a few times, is not judged", () => {
    expect(
      judge(
        heap((at) => at * 1_000, 50_000),
        tolerance,
      ).verdict,
    ).toBe("too short");
    const few = heap((at) => at * 1_000).filter((_, index) => index % 20 === 0);
    expect(judge(few, tolerance).verdict).toBe("too short");
    expect(judge([], tolerance).verdict).toBe("too short");
  });

  test("may grow up to a limit grows when it was above it once, and not before", () => {
    const points = heap((at) => at);
    const most = Math.max(...points.map(({ value }) => value));
    expect(judgeLimit(points, most).verdict).toBe("within its limit");
    expect(judgeLimit(points, most - 1).verdict).toBe("grows");
  });
});
