import { Machine } from "../machine.js";
import { scenarios } from "../scenarios.js";
import { exploreSlice } from "../slices.js";
import type { SliceRequest, WorkerMessage } from "./messages.js";

/** The program of a process that explores slices, as it is asked for them, until the one who asks is done. */
const machine = await Machine.make();

/** The one who asks may be gone by now; then nobody waits for the rest. */
function say(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

/** Ends the process with what happened, for the one who asks to see. */
function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

async function explore({ slice, mostViolations }: SliceRequest): Promise<WorkerMessage> {
  const scenario = scenarios.find(({ name }) => name === slice.scenario);
  if (scenario === undefined) return { kind: "failed", reason: `there is no scenario ${slice.scenario}` };
  let violations = 0;
  try {
    const counts = await exploreSlice({
      machine,
      scenario,
      slice,
      onViolation: (violation) => {
        violations += 1;
        say({ kind: "violation", violation });
      },
      isEnough: () => violations >= mostViolations,
    });
    return { kind: "explored", scenarios: counts.scenarios };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on("message", (request: SliceRequest) => {
  explore(request).then(say).catch(fail);
});
process.on("disconnect", () => {
  machine[Symbol.asyncDispose]()
    .then(() => process.exit())
    .catch(fail);
});
