/** The time, as far as Holdfast depends on it. Tests turn it back and forth. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. Can jump. */
  now(): number;
  /** Milliseconds since some moment. Never jumps; stands still while the machine is suspended. */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
};
