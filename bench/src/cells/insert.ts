import { performance } from "node:perf_hooks";
import { Documents, type DocumentsPlan } from "../documents.js";
import { engines } from "../engines/index.js";
import type { Figures } from "../figures.js";
import { measureWriters, type Writer, type WritersPlan } from "../writers.js";
import { checkStored, type StorePlan } from "./stored-count.js";

export type InsertPlan = StorePlan & WritersPlan & DocumentsPlan;

/**
 * Durable inserts; then reopens the store and counts. Also the cell of the sustained load, which is the same for longer.
 *
 * @throws Error if an insert fails, or if what is stored is not exactly what was acknowledged.
 */
export async function insert(plan: InsertPlan): Promise<Figures> {
  const engine = await engines[plan.engine]();
  const store = await engine.open(plan.directory, "conversation and model");
  const documents = new Documents(plan);
  let acknowledged = 0;
  const write: Writer = async () => {
    const { id, body } = documents.next();
    await store.insert(id, body);
    acknowledged += 1;
  };
  const figures = await measureWriters(plan, Array<Writer>(plan.writers).fill(write));
  const own = store.figures();
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  const closing = performance.now();
  await store.close();
  const close = performance.now() - closing;
  await checkStored(plan, acknowledged);
  return { ...figures, ...own, acknowledged, peakMemory, close };
}
