import { mean, slopePerHour, type Point } from "./series.js";

/** How far apart two quarters may lie and still be called the same: the larger of the two. */
export interface Tolerance {
  /** In the unit of the figure. */
  readonly absolute: number;
  /** Of the mean of the second quarter. */
  readonly share: number;
}

export interface Judgement {
  readonly verdict: "flat" | "within its limit" | "grows" | "too short";
  /** The means of the quarters that are compared. */
  readonly secondQuarter: number;
  readonly lastQuarter: number;
  readonly slopePerHour: number;
  /** The slowest growth that would have been called one, in units per hour. */
  readonly noticedFromPerHour: number;
}

/** A quarter of fewer points is no mean of anything. */
const leastPointsPerQuarter = 3;
/** Pools, the compiler and the first checkpoints need so long; a first quarter that is shorter is no warm-up. */
const leastWarmUpMs = 15_000;

/** Whether a figure that may grow up to a limit was ever above it. */
export function judgeLimit(points: readonly Point[], limit: number): Judgement {
  const isAbove = points.some(({ value }) => value > limit);
  return { ...judge(points, { absolute: Infinity, share: 0 }), verdict: isAbove ? "grows" : "within its limit" };
}

/**
 * Whether a figure grows. The first quarter is the warm-up, and is left out. Growth is claimed when the last quarter lies
 * above the second by more than the tolerance, and the line through all points behind the warm-up rises by more than that
 * over the same distance. Either alone can come from noise: a burst at the end lifts a quarter, a saw tooth that is cut
 * in the middle tilts a line.
 */
export function judge(points: readonly Point[], tolerance: Tolerance): Judgement {
  const first = points[0]?.at ?? 0;
  const quarterMs = ((points.at(-1)?.at ?? 0) - first) / 4;
  const quarter = (number: number): Point[] =>
    points.filter(
      ({ at }) => at >= first + (number - 1) * quarterMs && (number === 4 || at < first + number * quarterMs),
    );
  const [second, last] = [quarter(2), quarter(4)];
  const secondQuarter = mean(second);
  const lastQuarter = mean(last);
  const slope = slopePerHour(points.filter(({ at }) => at >= first + quarterMs));
  const allowed = Math.max(tolerance.absolute, Math.abs(secondQuarter) * tolerance.share);
  // From the middle of the second quarter to the middle of the last.
  const hours = (2 * quarterMs) / 3_600_000;
  const figures = { secondQuarter, lastQuarter, slopePerHour: slope, noticedFromPerHour: allowed / hours };
  if (quarterMs < leastWarmUpMs || Math.min(second.length, last.length) < leastPointsPerQuarter) {
    return { verdict: "too short", ...figures };
  }
  const grows = lastQuarter - secondQuarter > allowed && slope * hours > allowed;
  return { verdict: grows ? "grows" : "flat", ...figures };
}
