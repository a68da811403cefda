/**
 * Uploads files into a state directory without end, several at a time, and deletes every fourth. It says on standard
 * output what was acknowledged, one JSON value a line. Beside them, one upload arrives by half and then never ends.
 *
 *     file-uploader.js <directory>
 */
import { createHash } from "node:crypto";
import { openStateDirectory } from "holdfast";

const [directory = ""] = process.argv.slice(2);
const atOnce = 4;
const details = { filename: "a.txt", purpose: "assistants" } as const;
const { files } = await openStateDirectory({ directory });

function tell(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

async function* piecesOf(text: string, count: number): AsyncGenerator<Uint8Array, void, void> {
  for (let piece = 0; piece < count; piece += 1) yield await Promise.resolve(Buffer.from(text));
}

async function* half(): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.from("half of it");
  tell({ event: "half" });
  await new Promise<never>(() => undefined);
}

async function upload(worker: number): Promise<never> {
  for (let number = 1; ; number += 1) {
    const text = `file ${worker}-${number} `.repeat(1_000);
    const count = 1 + (number % 5);
    const { id } = await files.upload(piecesOf(text, count), details);
    tell({ event: "uploaded", id, sha256: createHash("sha256").update(text.repeat(count)).digest("hex") });
    if (number % 4 !== 0) continue;
    tell({ event: "deleting", id });
    await files.delete(id);
    tell({ event: "deleted", id });
  }
}

await Promise.all([files.upload(half(), details), ...Array.from({ length: atOnce }, (_, worker) => upload(worker))]);
