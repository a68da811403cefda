/**
 * Inserts notes as fast as it can, with checkpoints so often that packs are written and merged all the time. Says how
 * many are acknowledged for certain, every note of a lower number included, and how many were deleted of them.
 *
 *     pack-writer.js <directory> <notes>
 *
 * Runs until it is killed; with a number of notes, closes after so many, in the middle of whatever goes on, and ends.
 */
import { defineCollection, openStateDirectory } from "holdfast";
import { z } from "zod";

const [directory = "", most = "Infinity"] = process.argv.slice(2);
const notes = defineCollection({
  name: "notes",
  schema: z.looseObject({ text: z.string(), count: z.number() }),
  indexes: { tag: { path: "tag" } },
});
const state = await openStateDirectory({
  directory,
  collections: [notes],
  checkpointBytes: 256 * 1024,
  mergeFactor: 2,
  journalRetainBytes: 0,
});
const collection = state.collection(notes);
const writers = 64;
let next = await collection.count();

async function insert(number: number): Promise<void> {
  const id = `note_${String((number * 7_919) % 1_000_003).padStart(7, "0")}_${number}`;
  await collection.insert(id, { text: `${number} ${"x".repeat(300)}`, tag: `tag ${number % 7}`, count: number });
}

while (next < Number(most)) {
  const first = next;
  next += 4 * writers;
  await Promise.all(Array.from({ length: 4 * writers }, (_, index) => insert(first + index)));
  console.log(JSON.stringify({ acknowledged: next, merging: state.metrics.merging }));
}
await state.close();
