import { performance } from "node:perf_hooks";
import { engines } from "../engines/index.js";
import type { Figures } from "../figures.js";
import type { StorePlan } from "./stored-count.js";

/** Opens the store, lets it merge if it can, and closes it. */
export async function merge({ engine: name, directory }: StorePlan): Promise<Figures> {
  const engine = await engines[name]();
  const store = await engine.open(directory, "conversation and creation");
  const begin = performance.now();
  await store.merge?.();
  const merged = performance.now();
  await store.close();
  return { merge: merged - begin };
}
