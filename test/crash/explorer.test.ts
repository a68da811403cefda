import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { Counts } from "./counts.js";
import { breakages } from "./disk/broken-disks.js";
import type { DiskEvent } from "./disk/disk-event.js";
import { Explorer, type Violation } from "./explorer.js";
import { keepState } from "./keep-state.js";
import { Machine } from "./machine.js";
import { scenarios, type Scenario } from "./scenarios.js";
import { parseToken } from "./state-token.js";
import { workloadCollections } from "./workloads/collections.js";

/** Of each scenario; `npm run test:crash` visits every place. */
const statesOfEach = 12;
const seed = 1;

let machine: Machine;
beforeAll(async () => {
  machine = await Machine.make();
});
afterAll(() => machine[Symbol.asyncDispose]());

function scenarioNamed(name: string): Scenario {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return scenario;
}

interface Exploring {
  readonly explorer: Explorer;
  readonly counts: Counts;
  readonly violations: Violation[];
}

async function exploring(
  scenario: Scenario,
  breaking?: (typeof breakages)[keyof typeof breakages],
): Promise<Exploring> {
  const counts = new Counts();
  const violations: Violation[] = [];
  const explorer = await Explorer.of({
    machine,
    scenario,
    seed,
    counts,
    breaking,
    onViolation: (violation) => violations.push(violation),
    // One is enough to know.
    isEnough: () => violations.length > 0,
  });
  return { explorer, counts, violations };
}

describe("whatever a crash leaves, nothing acknowledged is lost and nothing is half there", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const { explorer, counts, violations } = await exploring(scenario);
    await explorer.scattered(statesOfEach);
    expect(violations.map(({ token, faults, problems }) => ({ token, faults, problems }))).toEqual([]);
    expect(counts.total.checked).toBeGreaterThan(statesOfEach / 4);
  });
});

describe("the explorer finds", () => {
  const cases = ["documents", "pack-merges"].flatMap((name) =>
    Object.entries(breakages).map(([breakage, breaking]) => ({ name, breakage, breaking })),
  );
  test.each(cases)("$breakage, under $name", async ({ name, breaking }) => {
    const { explorer, violations } = await exploring(scenarioNamed(name), breaking);
    await explorer.scattered(2_000);
    expect(violations).not.toEqual([]);
  });
});

test("a recording comes out the same for the same seed, so that a state can be visited again", async () => {
  const scenario = scenarioNamed("recovery-of-documents-after-kill");
  const [first, second] = [await scenario.record(machine, 5), await scenario.record(machine, 5)];
  expect(second.events.map(outlineOf)).toEqual(first.events.map(outlineOf));
  const other = await scenario.record(machine, 6);
  expect(other.events.map(outlineOf)).not.toEqual(first.events.map(outlineOf));
});

/** An event without the names that are random. */
function outlineOf(event: DiskEvent): string {
  switch (event.kind) {
    case "write":
      return `write ${event.inode} ${event.position} ${event.bytes.length}`;
    case "add":
    case "remove":
      return `${event.kind} ${event.directory}`;
    case "rename":
      return `rename ${event.from.directory} ${event.to.directory}`;
    default:
      return JSON.stringify(event);
  }
}

test("a violation can be visited again by its token, and its state be opened from a folder", async () => {
  const breaking = breakages["a write-through that is none"];
  const { explorer, violations } = await exploring(scenarioNamed("documents"), breaking);
  await explorer.scattered(2_000);
  const [found] = violations;
  const token = parseToken(found?.token ?? "");
  if (found === undefined || token === undefined) throw new Error("there is no violation to visit again");

  const again = await exploring(scenarioNamed(token.scenario), breaking);
  expect(await again.explorer.replay(token)).toBe(true);
  expect(again.violations[0]?.token).toBe(found.token);

  await using folder = await temporaryFolder();
  await keepState(found.image, folder.path);
  const report = await verifyStateDirectory(folder.at("state"));
  expect(report.directory).toBe(folder.at("state"));
  const state = await openStateDirectory({ directory: folder.at("state"), collections: workloadCollections });
  expect(state.mode).toBe("writer");
  await state.close();
});
