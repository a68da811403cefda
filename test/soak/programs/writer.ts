/**
 * Opens a state directory, waits to be told to go on, and then writes collections of its own without end: inserts, updates,
 * deletions, transactions, a counter that many change at once, documents that expire. What it is about to do and what was
 * acknowledged it tells on standard output, each at once.
 *
 *     writer.js <directory> <number of this life> <seed>
 */
import { once } from "node:events";
import { openStateDirectory } from "holdfast";
import { ownCollections } from "../../kill/collections.js";
import { countUp, makeCounter } from "../../kill/workload/counter.js";
import { workOnPairs } from "../../kill/workload/pairs.js";
import { writePassing } from "../../kill/workload/passing.js";
import { workOnSingles } from "../../kill/workload/singles.js";
import { Life, tell } from "../../kill/workload/worker.js";
import { journalOptions, packOptions } from "../processes/state-options.js";

const [directory = "", life = "", seed = ""] = process.argv.slice(2);
const sweepMs = 1_000;

const started = performance.now();
const state = await openStateDirectory({
  directory,
  collections: ownCollections,
  sweepMs,
  ...journalOptions,
  ...packOptions,
});
tell({ event: "opened", tookMs: performance.now() - started, recovery: state.recovery });
await once(process, "message", { signal: AbortSignal.timeout(120_000) });

const workers = new Life(state, Number(life), Number(seed));
await makeCounter(workers);
await Promise.all([
  workOnSingles(workers, 1),
  workOnSingles(workers, 2),
  countUp(workers),
  countUp(workers),
  workOnPairs(workers, 1),
  workOnPairs(workers, 2),
  writePassing(workers),
]);
