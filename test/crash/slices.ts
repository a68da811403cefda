import { Counts } from "./counts.js";
import { Explorer, type Violation } from "./explorer.js";
import type { Machine } from "./machine.js";
import type { Scenario } from "./scenarios.js";

/** A part of the exploration that depends on no other, so that processes can share the work. */
export interface Slice {
  readonly scenario: string;
  /** Of its first recording; the next ones have the seeds `stride` further on. */
  readonly seed: number;
  readonly stride: number;
  /** How many states are checked, at least one of each kind of crash at every place of each recording. */
  readonly states: number;
}

const statesPerSlice = 2_500;
const samplesPerPlace = 4;
const chanceRounds = 3;

/**
 * Shares the states evenly among the scenarios, and cuts what is much for one into several slices. It depends on what is
 * asked alone, not on how many processes there are: the same seed visits the same states on every machine.
 */
export function slicesOf(scenarios: readonly Scenario[], states: number, seed: number): Slice[] {
  const share = Math.ceil(states / Math.max(1, scenarios.length));
  const stride = Math.max(1, Math.ceil(share / statesPerSlice));
  return Array.from({ length: stride }, (_, part) => part).flatMap((part) =>
    scenarios.map(({ name }) => ({ scenario: name, seed: seed + part, stride, states: Math.ceil(share / stride) })),
  );
}

export interface SliceOptions {
  readonly machine: Machine;
  readonly scenario: Scenario;
  readonly slice: Slice;
  readonly onViolation: (violation: Violation) => void;
  /** Ends it early, as after too many violations. */
  readonly isEnough: () => boolean;
}

/**
 * Explores recordings of a scenario until there have been so many states: of each, one crash of every kind at every
 * place in any case, then every other outcome that is always tried, and then some by chance.
 */
export async function exploreSlice({ machine, scenario, slice, onViolation, isEnough }: SliceOptions): Promise<Counts> {
  const counts = new Counts();
  const isFull = (): boolean => isEnough() || counts.of(scenario.name).checked >= slice.states;
  let isWhole = false;
  for (let { seed } = slice; !isWhole; seed += slice.stride) {
    let isStopped = isEnough;
    const explorer = await Explorer.of({
      machine,
      scenario,
      seed,
      counts,
      onViolation,
      isEnough: () => isStopped(),
    });
    await explorer.everyPlace();
    isStopped = isFull;
    await explorer.everyOutcome();
    for (let round = 0; round < chanceRounds && !isFull(); round += 1) await explorer.byChance(round, samplesPerPlace);
    isWhole = isFull();
  }
  return counts;
}
