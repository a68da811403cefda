import { singles } from "../collections.js";
import { tell, untilStopped, type Life } from "./worker.js";

const documentsPerWorker = 8;

/** Writes a document and waits: what a life begins with, so that a restart can be timed up to an acknowledgment. */
export async function writeFirst(life: Life): Promise<void> {
  const collection = life.state.collection(singles);
  const operation = life.next();
  const body = life.entry(operation);
  life.intend(operation, [{ collection: singles.name, id: "first", body }]);
  const { sequence, revision } = await collection.put("first", body);
  tell({ event: "acknowledged", operation, sequence, revision });
}

/** Inserts, replaces, updates and deletes documents of its own. */
export async function workOnSingles(life: Life, worker: number): Promise<void> {
  const collection = life.state.collection(singles);
  await untilStopped(life, async () => {
    const id = `w${worker}-${Math.floor(life.random.between(0, documentsPerWorker))}`;
    const exists = (await collection.get(id)) !== undefined;
    const operation = life.next();
    const body = life.entry(operation);
    const isDeletion = exists && life.random.chance(0.3);
    life.intend(operation, [{ collection: singles.name, id, body: isDeletion ? null : body }]);
    if (isDeletion) {
      await collection.delete(id);
      tell({ event: "acknowledged", operation });
      return;
    }
    const write = !exists
      ? collection.insert(id, body)
      : life.random.chance(0.5)
        ? collection.update(id, () => body)
        : collection.put(id, body);
    const { sequence, revision } = await write;
    tell({ event: "acknowledged", operation, sequence, revision });
  });
}
