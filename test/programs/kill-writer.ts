/**
 * Opens a state directory, writes a document, tells all that it finds, and then does many things at once until it is
 * killed; or takes a checkpoint, or closes, in the middle of it. Whatever it is about to do and whatever was acknowledged
 * it tells on standard output, each at once. The kill loop (`test/kill`) runs it.
 *
 *     kill-writer.js <orders as JSON; see test/kill/telling.ts>
 */
import { openStateDirectory } from "holdfast";
import { setTimeout } from "node:timers/promises";
import { accountOf } from "../kill/account.js";
import { ownCollections } from "../kill/collections.js";
import { writerSettings } from "../kill/settings.js";
import type { WriterOrders } from "../kill/telling.js";
import { countUp, makeCounter } from "../kill/workload/counter.js";
import { workOnFiles } from "../kill/workload/files.js";
import { workOnPairs } from "../kill/workload/pairs.js";
import { writePassing } from "../kill/workload/passing.js";
import { workOnRecords } from "../kill/workload/records.js";
import { workOnSingles, writeFirst } from "../kill/workload/singles.js";
import { Life, tell } from "../kill/workload/worker.js";

const orders = JSON.parse(process.argv[2] ?? "") as WriterOrders;

tell({ event: "opening" });
const started = performance.now();
const state = await openStateDirectory({
  directory: orders.directory,
  waitMs: orders.waitMs,
  collections: ownCollections,
  ...writerSettings,
});
tell({ event: "opened", tookMs: performance.now() - started, recovery: state.recovery });

const life = new Life(state, orders.life, orders.seed);
await writeFirst(life);
tell({ event: "account", account: await accountOf(state, orders.since) });

async function work(): Promise<void> {
  await makeCounter(life);
  await Promise.all([
    workOnSingles(life, 1),
    workOnSingles(life, 2),
    countUp(life),
    countUp(life),
    countUp(life),
    workOnPairs(life, 1),
    workOnPairs(life, 2),
    writePassing(life),
    workOnFiles(life),
    workOnRecords(life),
  ]);
}

const working = work();
if (orders.assignment === "checkpoint") {
  for (;;) {
    await Promise.race([setTimeout(life.random.between(0, 10)), working]);
    tell({ event: "checkpointing" });
    await state.checkpoint();
    tell({ event: "checkpointed" });
  }
}
if (orders.assignment === "close") {
  await Promise.race([setTimeout(life.random.between(5, 40)), working]);
  life.isStopping = true;
  await working;
  tell({ event: "closing" });
  await state.close();
  tell({ event: "closed" });
}
await working;
