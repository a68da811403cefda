import { writeSync } from "node:fs";
import { Documents, type DocumentsPlan } from "../documents.js";
import { engines } from "../engines/index.js";
import type { Figures } from "../figures.js";
import type { StorePlan } from "./stored-count.js";

export interface WriteUntilKilledPlan extends StorePlan, DocumentsPlan {
  /** The index of the first document it writes. */
  readonly firstIndex: number;
  readonly writers: number;
}

/** How it says what it has done, line by line: first this, then numbers of acknowledged documents. */
export const beginning = "writing";

const standardOutput = 1;
const reportEvery = 16;

/**
 * Inserts until it is killed, and says on standard output how many documents are acknowledged; synchronously, so that
 * nothing it said is lost. The first line holds the server's process, 0 for none.
 */
export async function writeUntilKilled(plan: WriteUntilKilledPlan): Promise<Figures> {
  const engine = await engines[plan.engine]();
  const store = await engine.open(plan.directory, "conversation and creation");
  const documents = new Documents(plan);
  let index = plan.firstIndex;
  let acknowledged = 0;
  writeSync(standardOutput, `${beginning} ${store.serverProcess ?? 0}\n`);
  const write = async (): Promise<never> => {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const { id, body } = documents.at(index++);
      await store.insert(id, body);
      acknowledged += 1;
      if (acknowledged % reportEvery === 0) writeSync(standardOutput, `${acknowledged}\n`);
    }
  };
  return Promise.race(Array.from({ length: plan.writers }, write));
}
