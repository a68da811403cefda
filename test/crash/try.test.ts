import { test } from "vitest";
import { Machine } from "./machine.js";
import { Explorer } from "./explorer.js";
import { Counts } from "./counts.js";
import { breakages } from "./disk/broken-disks.js";
import { scenarios } from "./scenarios.js";
test("try", async () => {
  await using machine = await Machine.make();
  const counts = new Counts();
  const breaking =
    process.env["BREAK"] === undefined ? undefined : Object.values(breakages)[Number(process.env["BREAK"])];
  const limit = Number(process.env["STATES"] ?? 300);
  const started = performance.now();
  for (const scenario of scenarios) {
    const explorer = await Explorer.of({
      machine,
      scenario,
      seed: Number(process.env["SEED"] ?? 1),
      breaking,
      counts,
      isEnough: () => counts.of(scenario.name).checked >= limit,
      onViolation: (v) => {
        if (counts.of(scenario.name).violations < 4)
          console.log(
            v.token,
            v.faults,
            v.problems.map((p) => p.slice(0, 300)),
          );
      },
    });
    console.log(scenario.name, explorer.events, performance.now() - started);
    await explorer.systematically();
    console.log(counts.of(scenario.name));
  }
  console.log(counts.faults, (counts.checked / (performance.now() - started)) * 1000, counts.visited);
}, 600000);
