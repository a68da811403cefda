import type { Random } from "../drill/random.js";
import type { Assignment, EventName } from "./telling.js";

/** When a writer is killed: so long after it told something, or not at all. */
export interface PlannedDeath {
  readonly after: EventName;
  /** From 0 to 1: a share of the time that the thing usually takes, or of the loop's bound for it. */
  readonly share: number;
}

export type RoundKind = "opening" | "first steps" | "working" | "checkpoint" | "closing" | "orderly end" | "contenders";

export interface RoundPlan {
  readonly kind: RoundKind;
  readonly assignment: Assignment;
  /** Absent: it ends by itself. */
  readonly death: PlannedDeath | undefined;
  /** How the writers after the first die, in the order in which they get the directory; only for contenders. */
  readonly contenders: readonly PlannedDeath[];
  /** Whether one of those that wait is killed while it waits. */
  readonly killsWaiting: boolean;
  readonly writerSeeds: readonly number[];
}

/** How often each kind comes, out of the sum of all. */
const weights: Readonly<Record<RoundKind, number>> = {
  opening: 20,
  "first steps": 10,
  working: 34,
  checkpoint: 12,
  closing: 10,
  "orderly end": 4,
  contenders: 10,
};

const contendersPerRound = 2;

/** Plans a round. All that is random in it comes from the seed, and only the machine's own timing does not. */
export function planRound(random: Random): RoundPlan {
  const kind = chooseKind(random);
  const share = random.next();
  const death = (after: EventName): PlannedDeath => ({ after, share });
  const single = { kind, contenders: [], killsWaiting: false, writerSeeds: [seedFrom(random)] };
  switch (kind) {
    case "opening":
      return { ...single, assignment: "work", death: death("opening") };
    case "first steps":
      return { ...single, assignment: "work", death: death("opened") };
    case "working":
      return { ...single, assignment: "work", death: death("account") };
    case "checkpoint":
      return { ...single, assignment: "checkpoint", death: death("checkpointing") };
    case "closing":
      return { ...single, assignment: "close", death: death("closing") };
    case "orderly end":
      return { ...single, assignment: "close", death: undefined };
    case "contenders":
      return {
        kind,
        assignment: "work",
        death: death("account"),
        contenders: Array.from({ length: contendersPerRound }, () => ({
          after: random.chance(0.3) ? "opened" : "account",
          share: random.next(),
        })),
        killsWaiting: random.chance(0.25),
        writerSeeds: Array.from({ length: contendersPerRound + 1 }, () => seedFrom(random)),
      };
  }
}

function chooseKind(random: Random): RoundKind {
  const kinds = Object.entries(weights) as [RoundKind, number][];
  let left = random.between(
    0,
    kinds.reduce((sum, [, weight]) => sum + weight, 0),
  );
  for (const [kind, weight] of kinds) {
    left -= weight;
    if (left < 0) return kind;
  }
  return "working";
}

function seedFrom(random: Random): number {
  return Math.floor(random.between(0, 2 ** 32));
}
