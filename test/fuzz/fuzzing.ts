import fc from "fast-check";
import { vi } from "vitest";

/** How often everything is tried; `HOLDFAST_FUZZ=100` tries a hundred times as much as `npm test` does. */
const factor = Number(process.env["HOLDFAST_FUZZ"] ?? "1");
/** What tries more may take longer. */
vi.setConfig({ testTimeout: 60_000 * Math.max(1, factor) });

/** Of everything random. The short run is always the same; each longer one is another, unless `HOLDFAST_FUZZ_SEED` says. */
const seed = Number(process.env["HOLDFAST_FUZZ_SEED"] ?? (factor === 1 ? 1 : Date.now() % 2 ** 31));

/**
 * The settings of one property. The seed is printed: a failure can be repeated with it, and fast-check adds the path to
 * the smallest input that fails.
 */
export function fuzzing(what: string, runs: number): fc.Parameters<unknown> {
  const numRuns = Math.ceil(runs * factor);
  console.log(`fuzzing ${what}: ${numRuns} runs, HOLDFAST_FUZZ_SEED=${seed}`);
  return { numRuns, seed };
}

/** What may happen to bytes on a disk or on their way. */
const mishap = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), mask: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant("zeros" as const), at: fc.nat(), length: fc.integer({ min: 1, max: 600 }) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 80 }) }),
  fc.record({ kind: fc.constant("repeat" as const), from: fc.nat(), length: fc.nat(400), at: fc.nat() }),
  fc.record({ kind: fc.constant("leave out" as const), at: fc.nat(), length: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant("replace" as const), bytes: fc.uint8Array({ maxLength: 600 }) }),
);
export type Mishap = typeof mishap extends fc.Arbitrary<infer Value> ? Value : never;

export const mishaps: fc.Arbitrary<Mishap[]> = fc.array(mishap, { minLength: 1, maxLength: 5 });

/** Does to bytes what is to happen to them; places are taken modulo the length. */
export function befall(bytes: Buffer, happened: readonly Mishap[]): Buffer {
  return happened.reduce(afterOne, bytes);
}

function afterOne(bytes: Buffer, what: Mishap): Buffer {
  const place = (at: number): number => at % (bytes.length + 1);
  switch (what.kind) {
    case "flip": {
      const changed = Buffer.from(bytes);
      const at = place(what.at);
      if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ what.mask;
      return changed;
    }
    case "zeros":
      return Buffer.from(bytes).fill(0, place(what.at), Math.min(bytes.length, place(what.at) + what.length));
    case "cut":
      return bytes.subarray(0, place(what.at));
    case "insert":
      return Buffer.concat([bytes.subarray(0, place(what.at)), what.bytes, bytes.subarray(place(what.at))]);
    case "repeat": {
      const piece = bytes.subarray(place(what.from), place(what.from) + what.length);
      return Buffer.concat([bytes.subarray(0, place(what.at)), piece, bytes.subarray(place(what.at))]);
    }
    case "leave out":
      return Buffer.concat([bytes.subarray(0, place(what.at)), bytes.subarray(place(what.at) + what.length)]);
    case "replace":
      return Buffer.from(what.bytes);
  }
}
