/**
 * Writes notes into a state directory, says of each on standard output when it is acknowledged, and then stays until it
 * is killed, or closes and ends.
 *
 *     note-writer.js <directory> <kill | close>
 */
import { defineCollection, openStateDirectory } from "holdfast";
import { z } from "zod";

const [directory = "", ending = ""] = process.argv.slice(2);
const notes = defineCollection({
  name: "notes",
  schema: z.looseObject({ text: z.string() }),
  indexes: { tag: { path: "tag" } },
});
// No checkpoint of its own accord, and segments so small that there are several.
const state = await openStateDirectory({
  directory,
  collections: [notes],
  checkpointIdleMs: 3_600_000,
  firstSegmentBytes: 16 * 1024,
  segmentBytes: 16 * 1024,
});
const collection = state.collection(notes);

async function put(id: string, body: { text: string; tag: string }): Promise<void> {
  const { sequence } = await collection.put(id, body);
  console.log(JSON.stringify({ id, sequence, body }));
}

async function remove(id: string): Promise<void> {
  await collection.delete(id);
  console.log(JSON.stringify({ id, sequence: state.lastSequence }));
}

function body(id: string, version: number): { text: string; tag: string } {
  return { text: `${id} version ${version} ${"x".repeat(400)}`, tag: version % 2 === 0 ? "even" : "odd" };
}

await put("x".repeat(256), body("long", 1));
await put("Filed_1", body("Filed_1", 1));
for (let number = 1; number <= 30; number += 1) await put(`filed_${number}`, body(`filed_${number}`, 1));
await state.checkpoint();
for (let number = 1; number <= 5; number += 1) await put(`filed_${number}`, body(`filed_${number}`, 2));
await remove("filed_30");
for (let number = 1; number <= 30; number += 1) await put(`journaled_${number}`, body(`journaled_${number}`, 1));
if (ending === "close") await state.close();
// Longer than it takes for the journal to fall idle.
setTimeout(() => {
  console.log("done");
}, 100);
if (ending === "kill") setInterval(() => undefined, 60_000);
