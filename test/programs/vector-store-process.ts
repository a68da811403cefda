/**
 * Creates a vector store with a file, has the file ingested, and deletes the store. Says on standard output what was
 * acknowledged, and stops for good at the given step, to be killed there.
 *
 *     vector-store-process.js <directory> <folder of collections> <step>
 */
import { openStateDirectory } from "holdfast";
import { FolderBackend } from "./folder-backend.js";

const [directory = "", folder = "", stopAt = ""] = process.argv.slice(2);

async function reached(step: string): Promise<void> {
  if (step !== stopAt) return;
  console.log(JSON.stringify({ stopped: step }));
  await new Promise(() => {
    setInterval(() => undefined, 60_000);
  });
}

let acknowledge = (): void => undefined;
const acknowledged = new Promise<void>((resolve) => {
  acknowledge = resolve;
});
const state = await openStateDirectory({
  directory,
  vectorStores: {
    backend: new FolderBackend(folder, reached),
    ingestion: {
      ingest: async () => {
        // Its file's store is known by then, so that whoever kills this knows what to look for.
        await acknowledged;
        await reached("ingest");
        return { usage_bytes: 3 };
      },
    },
  },
});
const { body } = await state.files.upload(Buffer.from("text"), { filename: "a.txt", purpose: "assistants" });
const created = await state.vectorStores.create({ name: "kept whole", file_ids: [body.file.id] });
console.log(JSON.stringify({ created: created.id, file: body.file.id }));
acknowledge();
// Its end, where it comes to one, is seen by looking: there is nothing to wait for in a router either.
while ((await state.vectorStores.get(created.id))?.status === "in_progress") {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
console.log(JSON.stringify({ ingested: body.file.id }));
await reached("ingested");
await state.vectorStores.delete(created.id);
console.log(JSON.stringify({ deleted: created.id }));
await reached("deleted");
