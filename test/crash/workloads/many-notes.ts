import type { StateDirectory } from "../product.js";
import { notes } from "./collections.js";
import type { Session } from "./workload.js";

/** @returns the numbers from one up to another, which is not among them. */
export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

export async function putAll(
  session: Session,
  state: StateDirectory,
  definition: typeof notes,
  ids: readonly number[],
  what: string,
): Promise<void> {
  const collection = state.collection(definition);
  await Promise.all(
    ids.map(async (number) => {
      const body = {
        text: `${what} ${"x".repeat(session.random.below(300))}`,
        tag: session.random.one(["red", "blue"]),
        count: number,
      };
      const head = await collection.put(`packed-${number}`, body);
      session.acknowledged(state, { collection: definition.name, ...head, body });
    }),
  );
}

/** Deletes notes. */
export async function deleteAll(session: Session, state: StateDirectory, ids: readonly number[]): Promise<void> {
  await Promise.all(
    ids.map(async (number) => {
      await state.collection(notes).delete(`packed-${number}`);
      session.acknowledged(state);
    }),
  );
}
