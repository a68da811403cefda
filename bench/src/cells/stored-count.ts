import type { OpenEngine } from "../engine.js";
import { engines, type EngineName } from "../engines/index.js";

/** A plan that names an engine and the directory of its store. */
export interface StorePlan {
  readonly engine: EngineName;
  readonly directory: string;
}

/**
 * Opens the store again and checks that what was acknowledged is there.
 *
 * @param check further checks, on the reopened store.
 * @throws Error if what is stored is not exactly what was acknowledged.
 */
export async function checkStored(
  { engine: name, directory }: StorePlan,
  acknowledged: number,
  check: (store: OpenEngine) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const engine = await engines[name]();
  const store = await engine.open(directory, "conversation and model");
  try {
    const stored = await store.count();
    if (stored !== acknowledged) {
      throw new Error(`${engine.name} acknowledged ${acknowledged} inserts, and ${stored} are there after reopening.`);
    }
    await check(store);
  } finally {
    await store.close();
  }
}
