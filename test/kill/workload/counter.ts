import { counter, type Entry } from "../collections.js";
import { tell, untilStopped, type Life } from "./worker.js";

const id = "hot";

/** Makes the counter if there is none. One worker does it before the others begin. */
export async function makeCounter(life: Life): Promise<void> {
  const collection = life.state.collection(counter);
  if ((await collection.get(id)) !== undefined) return;
  const operation = life.next();
  const body = { ...life.entry(operation), count: 1 };
  life.intend(operation, [{ collection: counter.name, id, body }]);
  const { sequence, revision } = await collection.insert(id, body);
  tell({ event: "acknowledged", operation, sequence, revision });
}

/** Counts the one document up, beside others that do: changes stand in line, and each builds on the one before. */
export async function countUp(life: Life): Promise<void> {
  const collection = life.state.collection(counter);
  await untilStopped(life, async () => {
    const operation = life.next();
    const { sequence, revision } = await collection.update(id, (former) => {
      const body: Entry = { ...life.entry(operation), count: (former.count ?? 0) + 1 };
      life.intend(operation, [{ collection: counter.name, id, body }]);
      return body;
    });
    tell({ event: "acknowledged", operation, sequence, revision });
  });
}
