import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { Replay, replayRecordsCollection } from "../../src/surfaces/replay/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { countersAndRecount } from "./replay-samples.js";

const program = fileURLToPath(new URL("../../build/test/programs/replay-writer.js", import.meta.url));

interface Acknowledged {
  readonly id: string;
  readonly step: "added" | "changed" | "finished" | "deleting" | "deleted";
}

/** Has another process record, and kills it once it has told so much. @returns the last word on each record. */
async function killedAfter(
  steps: number,
  directory: string,
  prefix: string,
): Promise<Map<string, Acknowledged["step"]>> {
  const child = spawn(process.execPath, [program, directory, prefix], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const told = new Map<string, Acknowledged["step"]>();
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    // A line that the kill cut in two tells nothing.
    if (!line.endsWith("}")) continue;
    const { id, step } = JSON.parse(line) as Acknowledged;
    told.set(id, step);
    lines += 1;
    if (lines === steps) child.kill("SIGKILL");
  }
  await ended;
  return told;
}

test("P3, P4: after SIGKILL nothing acknowledged is lost, nothing is left under way, and the counters are exact", async () => {
  await using folder = await temporaryFolder();
  const directory = folder.at("state");
  const told = new Map<string, Acknowledged["step"]>();
  for (const [round, steps] of [150, 401, 260].entries()) {
    for (const [id, step] of await killedAfter(steps, directory, `round${round}`)) told.set(id, step);

    await using state = await openStateDirectory({ directory });
    const replay = new Replay(state, { run: `check${round}` });
    await replay.reconcile();
    const { kept, counted } = await countersAndRecount(state);
    expect(kept).toEqual(counted);
    expect(await replay.aggregate()).toMatchObject({ lifecycle: { in_progress: 0 } });

    for (const [id, step] of told) {
      const stored = await replay.get(id);
      if (step === "deleted") expect(stored).toBeUndefined();
      // What was asked for and not acknowledged may have been done or not.
      if (step === "deleted" || (step === "deleting" && stored === undefined)) continue;
      expect(stored?.record, id).toMatchObject({ request_body: `request of ${id}` });
      if (step !== "added")
        expect(stored?.record).toMatchObject({ response_body: `response of ${id}`, actual_cost: 0.1 });
      if (step === "finished") expect(stored?.record.lifecycle_state).toBe("completed");
      else expect(stored?.record.lifecycle_state).toMatch(/^(completed|aborted)$/);
    }
    const aborted = await state
      .collection(replayRecordsCollection)
      .list({ where: { lifecycle_state: "aborted" }, limit: 1_000 });
    for (const { body } of aborted.documents) {
      expect(body.record).toMatchObject({
        terminal_reason: "recovered_after_restart",
        ended_at: expect.any(String) as string,
      });
    }
  }
});
