import { passing } from "../collections.js";
import { tell, untilStopped, type Life } from "./worker.js";

/** Some outlive the process, some are swept while it writes on. */
const lifetimesMs = { shortest: 5, longest: 600 };

/** Inserts documents that expire. */
export async function writePassing(life: Life): Promise<void> {
  const collection = life.state.collection(passing);
  await untilStopped(life, async () => {
    const operation = life.next();
    const body = life.entry(operation);
    const id = `passing-${operation}`;
    const expiresAt = new Date(Date.now() + life.random.between(lifetimesMs.shortest, lifetimesMs.longest));
    life.intend(operation, [{ collection: passing.name, id, body }]);
    const { sequence, revision } = await collection.insert(id, body, { expiresAt });
    tell({ event: "acknowledged", operation, sequence, revision });
  });
}
