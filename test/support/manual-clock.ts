import type { Clock } from "../../src/files/clock.js";

/** A clock that stands until it is moved. The wall clock can be set; what has elapsed only grows. */
export class ManualClock implements Clock {
  wall: number;
  #elapsed = 0;

  constructor(start = "2026-03-01T12:00:00.000Z") {
    this.wall = Date.parse(start);
  }

  now(): number {
    return this.wall;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  /** Time passes, for the wall clock too. */
  pass(milliseconds: number): void {
    this.#elapsed += milliseconds;
    this.wall += milliseconds;
  }
}

export const secondMs = 1_000;
export const hourMs = 60 * 60 * secondMs;
export const dayMs = 24 * hourMs;
