export interface Point {
  /** Milliseconds since any fixed moment. */
  readonly at: number;
  readonly value: number;
}

/** What one figure was at many moments, in order. */
export class Series {
  readonly #points: Point[] = [];

  get points(): readonly Point[] {
    return this.#points;
  }

  add(at: number, value: number): void {
    this.#points.push({ at, value });
  }
}

export function mean(points: readonly Point[]): number {
  return points.reduce((sum, { value }) => sum + value, 0) / points.length;
}

/** The slope of the line that is nearest to all points, by least squares, in units per hour. */
export function slopePerHour(points: readonly Point[]): number {
  const hour = 3_600_000;
  const meanAt = points.reduce((sum, { at }) => sum + at, 0) / points.length;
  const meanValue = mean(points);
  let covariance = 0;
  let variance = 0;
  for (const { at, value } of points) {
    covariance += (at - meanAt) * (value - meanValue);
    variance += (at - meanAt) ** 2;
  }
  return variance === 0 ? 0 : (covariance / variance) * hour;
}
