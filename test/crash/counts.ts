import { faultKinds, type FaultKind } from "./states/crash-variants.js";

/** What was explored of one kind of crash in one scenario. */
export interface FaultCounts {
  /** Places where a crash can be of this kind. */
  places: number;
  /** Those of them where it was. */
  visitedPlaces: number;
  /** States that were built. */
  states: number;
}

/** What was explored of one scenario. */
export interface ScenarioCounts {
  recordings: number;
  /** Places between two operations, of all recordings. */
  places: number;
  /** Those of them where at least one crash was tried. */
  visitedPlaces: number;
  /** States that were built. */
  states: number;
  /** Of these, the ones that had been checked already: the same bytes under the same names, and the same promised. */
  duplicates: number;
  /** States that were opened and checked. */
  checked: number;
  violations: number;
  readonly faults: Record<FaultKind, FaultCounts>;
}

const numbers = ["recordings", "places", "visitedPlaces", "states", "duplicates", "checked", "violations"] as const;
const faultNumbers = ["places", "visitedPlaces", "states"] as const;
type Numbers = Pick<ScenarioCounts, (typeof numbers)[number]>;

/** What has been explored so far. */
export class Counts {
  readonly scenarios: Map<string, ScenarioCounts>;

  /** @param scenarios as another process counted them. */
  constructor(scenarios: ReadonlyMap<string, ScenarioCounts> = new Map()) {
    this.scenarios = new Map(scenarios);
  }

  of(scenario: string): ScenarioCounts {
    let counts = this.scenarios.get(scenario);
    if (counts === undefined) this.scenarios.set(scenario, (counts = none()));
    return counts;
  }

  add(other: Counts): void {
    for (const [name, counts] of other.scenarios) {
      const own = this.of(name);
      for (const number of numbers) own[number] += counts[number];
      for (const fault of faultKinds)
        for (const number of faultNumbers) own.faults[fault][number] += counts.faults[fault][number];
    }
  }

  get total(): ScenarioCounts {
    const total = new Counts();
    for (const counts of this.scenarios.values()) total.add(new Counts(new Map([["", counts]])));
    return total.of("");
  }
}

function none(): ScenarioCounts {
  const zeros = Object.fromEntries(numbers.map((number) => [number, 0])) as unknown as Numbers;
  const faults = faultKinds.map((fault) => [fault, { places: 0, visitedPlaces: 0, states: 0 }] as const);
  return { ...zeros, faults: Object.fromEntries(faults) as Record<FaultKind, FaultCounts> };
}
