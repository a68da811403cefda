import fc from "fast-check";

/** A write of a transaction. Without a text: a deletion. */
export interface StepWrite {
  readonly id: string;
  readonly text?: string;
  /** How long the text is made, so that segments fill up. */
  readonly length?: number;
}

/** The transactions that clients commit, each client its own one after the other, the clients beside each other. */
export type Work = readonly (readonly (readonly StepWrite[])[])[];

export type Step =
  /** @param inFlight whether what follows happens meanwhile. */
  | { readonly kind: "work"; readonly work: Work; readonly inFlight: boolean }
  | { readonly kind: "checkpoint" | "reopen" }
  /** The owner is killed, or paused and displaced, so long after it was given work. */
  | { readonly kind: "kill" | "displace"; readonly work: Work; readonly afterMs: number }
  /** An owner that was displaced goes on where it was paused. */
  | { readonly kind: "resume" }
  /** A reader is opened; it follows changes from behind so many percent of all there are. */
  | { readonly kind: "openReader"; readonly since: number }
  | { readonly kind: "closeReader" | "compareReader"; readonly which: number };

export const clients = 3;
const ids = ["a", "b", "c", "d", "é"];

const text = fc.string({ maxLength: 8 });
const length = fc.constantFrom(0, 40, 900, 3_000);
const write: fc.Arbitrary<StepWrite> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ id: fc.constantFrom(...ids), text, length }) },
  { weight: 1, arbitrary: fc.record({ id: fc.constantFrom(...ids) }) },
);
const transaction = fc.uniqueArray(write, { maxLength: 4, selector: ({ id }) => id });
const work: fc.Arbitrary<Work> = fc.array(fc.array(transaction, { maxLength: 6 }), {
  minLength: clients,
  maxLength: clients,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("work" as const), work, inFlight: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("kill" as const, "displace" as const), work, afterMs: fc.nat(20) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("resume" as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("openReader" as const),
      since: fc.integer({ min: 0, max: 100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("closeReader" as const, "compareReader" as const), which: fc.nat() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("compareReader" as const), which: fc.nat() }) },
);

export const steps = fc.array(step, { minLength: 15, maxLength: 30 });
