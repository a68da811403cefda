import { performance } from "node:perf_hooks";
import { Documents, type DocumentsPlan, type NamedDocument } from "../documents.js";
import { engines } from "../engines/index.js";
import type { Figures } from "../figures.js";
import type { StorePlan } from "./stored-count.js";

export interface LoadPlan extends StorePlan, DocumentsPlan {
  /** How many documents are stored, from index 0. */
  readonly documents: number;
}

/**
 * Fills a store in the way that is fastest for the engine, and closes it.
 *
 * @returns also `bodyBytes`, those of all the bodies as JSON.
 */
export async function load(plan: LoadPlan): Promise<Figures> {
  const engine = await engines[plan.engine]();
  const store = await engine.open(plan.directory, "conversation and creation");
  const documents = new Documents(plan);
  const begin = performance.now();
  await store.load(allOf(documents, plan.documents));
  const loaded = performance.now();
  await store.close();
  const closed = performance.now();
  // The bodies come in turns: those of the first turns stand for all.
  const sample = Math.min(plan.documents, 1024);
  let sampleBytes = 0;
  for (let index = 0; index < sample; index += 1) {
    sampleBytes += Buffer.byteLength(JSON.stringify(documents.bodyAt(index)));
  }
  return { load: loaded - begin, close: closed - loaded, bodyBytes: (sampleBytes / sample) * plan.documents };
}

function* allOf(documents: Documents, count: number): Generator<NamedDocument> {
  for (let index = 0; index < count; index += 1) yield documents.at(index);
}
