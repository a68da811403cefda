import type { FileSystem } from "../../src/files/file-system.js";
import { Counts } from "./counts.js";
import { Explorer, type Violation } from "./explorer.js";
import type { Machine } from "./machine.js";
import type { Scenario } from "./scenarios.js";

export interface ExplorationOptions {
  readonly machine: Machine;
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  /** How many different states are checked; those that are always tried are checked in any case. */
  readonly states: number;
  readonly breaking?: ((disk: FileSystem) => FileSystem) | undefined;
  readonly onViolation: (violation: Violation) => void;
  /** Called when a scenario is done for this round. */
  readonly onScenario?: (name: string, seed: number) => void;
  /** Ends it early, as after a first violation. */
  readonly isEnough?: () => boolean;
}

const samplesPerPoint = 4;
const chanceRounds = 3;

/**
 * Explores the scenarios in turn: each with the outcomes that are always tried, then by chance, and then the same with
 * the next seed, whose workloads do other things, until there have been so many states.
 */
export async function explore(options: ExplorationOptions): Promise<Counts> {
  const { machine, scenarios, states, breaking, onViolation } = options;
  const counts = new Counts();
  const isStopped = options.isEnough ?? ((): boolean => false);
  for (let generation = 0; generation === 0 || counts.checked < states; generation += 1) {
    const seed = options.seed + generation;
    const isFirst = generation === 0;
    const isEnough = (): boolean => isStopped() || (!isFirst && counts.checked >= states);
    for (const scenario of scenarios) {
      if (isEnough()) return counts;
      const explorer = await Explorer.of({ machine, scenario, seed, counts, breaking, onViolation, isEnough });
      await explorer.systematically();
      for (let round = 0; round < chanceRounds && counts.checked < states && !isEnough(); round += 1)
        await explorer.byChance(round, samplesPerPoint);
      options.onScenario?.(scenario.name, seed);
    }
  }
  return counts;
}
