import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { Documents, type DocumentsPlan } from "../documents.js";
import { engines } from "../engines/index.js";
import type { Figures } from "../figures.js";
import type { StorePlan } from "./stored-count.js";

export interface OpenPlan extends StorePlan, DocumentsPlan {
  /** How many documents were stored when the store was filled. */
  readonly documents: number;
  /** At least so many must be there: those, and what was acknowledged since. */
  readonly expected: number;
}

/**
 * Opens a store in a fresh process and reads one document; a server is started for it. Peak memory is taken then, before
 * anything else is done; a server's is added.
 *
 * @throws Error if less is stored than was acknowledged.
 */
export async function openAndRead(plan: OpenPlan): Promise<Figures> {
  const engine = await engines[plan.engine]();
  const documents = new Documents(plan);
  const id = documents.idAt(Math.floor(plan.documents / 2));
  const memoryBefore = process.resourceUsage().maxRSS * 1024;
  const begin = performance.now();
  const store = await engine.open(plan.directory, "conversation and creation");
  const opened = performance.now();
  const document = await store.get(id);
  const read = performance.now();
  if (document === undefined) throw new Error(`${engine.name} does not have ${id} after opening.`);
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  const serverMemory = store.serverProcess === undefined ? 0 : await peakMemoryOf(store.serverProcess);
  const stored = await store.count();
  await store.close();
  if (stored < plan.expected) {
    throw new Error(`${engine.name} acknowledged ${plan.expected} documents, and has ${stored} after opening.`);
  }
  return { open: opened - begin, openAndRead: read - begin, memoryBefore, peakMemory, serverMemory, stored };
}

/** In bytes; NaN where the system does not say. */
async function peakMemoryOf(process: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${process}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Number.NaN;
    throw error;
  }
}
