import { left, right } from "../collections.js";
import { tell, untilStopped, type Life } from "./worker.js";

const pairs = 6;

/** Writes and deletes two documents at a time, of two collections, in one transaction. */
export async function workOnPairs(life: Life, worker: number): Promise<void> {
  await untilStopped(life, async () => {
    const id = `p${worker}-${Math.floor(life.random.between(0, pairs))}`;
    const exists = (await life.state.collection(left).get(id)) !== undefined;
    const operation = life.next();
    const body = exists && life.random.chance(0.3) ? null : life.entry(operation);
    const writes = [left, right].map(({ name }) => ({ collection: name, id, body }));
    life.intend(operation, writes);
    await life.state.transaction(async (transaction) => {
      for (const definition of [left, right]) {
        const collection = transaction.collection(definition);
        if (body === null) await collection.delete(id);
        else await collection.put(id, body);
      }
    });
    tell({ event: "acknowledged", operation });
  });
}
