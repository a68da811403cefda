import type { FaultKind } from "./states/crash-variants.js";

/** What was explored of one scenario. */
export interface ScenarioCounts {
  points: number;
  /** States that were built; the same one can come up more than once. */
  visited: number;
  /** States that were opened and checked. */
  checked: number;
  violations: number;
}

/** What has been explored so far. */
export class Counts {
  readonly scenarios = new Map<string, ScenarioCounts>();
  readonly faults = new Map<FaultKind, number>();
  visited = 0;
  checked = 0;
  violations = 0;

  of(scenario: string): ScenarioCounts {
    let counts = this.scenarios.get(scenario);
    if (counts === undefined)
      this.scenarios.set(scenario, (counts = { points: 0, visited: 0, checked: 0, violations: 0 }));
    return counts;
  }

  visit(scenario: string, faults: readonly FaultKind[]): void {
    this.visited += 1;
    this.of(scenario).visited += 1;
    for (const fault of faults) this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  check(scenario: string): void {
    this.checked += 1;
    this.of(scenario).checked += 1;
  }

  violate(scenario: string): void {
    this.violations += 1;
    this.of(scenario).violations += 1;
  }
}
