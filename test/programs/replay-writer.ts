/**
 * Records replay for requests that never were, many at a time, says of each step on standard output when it is
 * acknowledged, and goes on until it is killed.
 *
 *     replay-writer.js <directory> <prefix of the ids>
 */
import { openStateDirectory } from "holdfast";
import type * as ReplaySurface from "../../src/surfaces/replay/index.js";

const [directory = "", prefix = ""] = process.argv.slice(2);
const atOnce = 16;

// The surface by itself, beside the one that the directory has, to have a run of its own.
const surface = new URL("../../../dist/surfaces/replay/index.js", import.meta.url);
const { Replay } = (await import(surface.href)) as typeof ReplaySurface;
// Checkpoints in between, so that some kills hit one.
const state = await openStateDirectory({ directory, checkpointBytes: 64 * 1024 });
const replay = new Replay(state, { run: prefix });

function acknowledge(id: string, step: "added" | "changed" | "finished" | "deleting" | "deleted"): void {
  process.stdout.write(`${JSON.stringify({ id, step })}\n`);
}

async function work(writer: number): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const id = `${prefix}_${writer}_${turn}`;
    await replay.add({
      id,
      request_body: `request of ${id}`,
      selected_model: `model_${turn % 3}`,
      recipe: `r${writer % 2}`,
    });
    acknowledge(id, "added");
    await replay.patch(id, {
      response: { body: `response of ${id}` },
      usage: { prompt_tokens: turn, actual_cost: 0.1, baseline_cost: 0.3, cost_savings: 0.2, currency: "USD" },
    });
    acknowledge(id, "changed");
    await replay.finish(id, { state: "completed", reason: "response_complete" });
    acknowledge(id, "finished");
    if (turn % 4 !== 3) continue;
    acknowledge(id, "deleting");
    await replay.delete(id);
    acknowledge(id, "deleted");
  }
}

await Promise.all(Array.from({ length: atOnce }, (_, writer) => work(writer)));
