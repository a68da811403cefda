import type { Session, Workload } from "./workload.js";
import { ledgers, notes, type Note } from "./collections.js";
import type { StateDirectory } from "../product.js";
import { Random } from "../states/random.js";

const writers = 4;
const stepsEach = 9;

/**
 * Writers side by side: inserts, updates of a document that all of them share, deletions, transactions over two
 * collections. Enough for several segments and checkpoints.
 */
export const documents: Workload = {
  name: "documents",
  async run(session) {
    const state = await session.open();
    await insertShared(session, state);
    await Promise.all(Array.from({ length: writers }, (_, writer) => write(session, state, writer)));
    session.machine.pass(10);
    await session.close(state);
  },
};

async function insertShared(session: Session, state: StateDirectory): Promise<void> {
  const body = { text: "shared", count: 0 };
  const head = await state.collection(notes).insert("shared", body);
  session.acknowledged(state, { collection: "notes", ...head, body });
}

async function write(session: Session, state: StateDirectory, writer: number): Promise<void> {
  const random = new Random(session.random.next(), writer);
  const own: string[] = [];
  for (let step = 0; step < stepsEach; step += 1) {
    const id = `w${writer}-${step}`;
    const body: Note = {
      text: "x".repeat(random.below(random.chance(0.2) ? 2_500 : 400)),
      tag: random.one(["red", "blue"]),
    };
    const collection = state.collection(notes);
    switch (random.below(6)) {
      case 0:
      case 1: {
        const head = await collection.insert(id, body);
        session.acknowledged(state, { collection: "notes", ...head, body });
        own.push(id);
        break;
      }
      case 2: {
        let changed: Note = body;
        const head = await collection.update("shared", (current) => {
          changed = { ...current, count: (current.count ?? 0) + 1, tag: body.tag };
          return changed;
        });
        session.acknowledged(state, { collection: "notes", ...head, body: changed });
        break;
      }
      case 3: {
        const doomed = own.splice(random.below(Math.max(1, own.length)), 1)[0];
        if (doomed === undefined) break;
        await collection.delete(doomed);
        session.acknowledged(state);
        break;
      }
      case 4: {
        const replaced = own.at(-1) ?? id;
        const head = await collection.put(replaced, body);
        session.acknowledged(state, { collection: "notes", ...head, body });
        if (replaced === id) own.push(id);
        break;
      }
      default:
        await state.transaction(async (transaction) => {
          await transaction.collection(notes).put(id, body);
          await transaction.collection(ledgers).put(`ledger-${writer}`, { text: id, count: step });
          const doomed = own[0];
          if (doomed !== undefined) await transaction.collection(notes).delete(doomed);
        });
        session.acknowledged(state);
        own.shift();
        own.push(id);
    }
  }
}
