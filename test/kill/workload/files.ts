import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { tell, untilStopped, type Life } from "./worker.js";

const mostKept = 4;

/** Uploads files in pieces, and deletes the oldest when there are enough. */
export async function workOnFiles(life: Life): Promise<void> {
  const { files } = life.state;
  const kept = (await files.list({ order: "asc" })).files.map(({ id }) => id);
  await untilStopped(life, async () => {
    const piece = Buffer.from(`file of ${life.next()} `.repeat(60));
    const count = 1 + Math.floor(life.random.between(0, 4));
    const pieces = async function* (): AsyncGenerator<Uint8Array, void, void> {
      for (let number = 0; number < count; number += 1) {
        yield piece;
        await setImmediate();
      }
    };
    const { id } = await files.upload(pieces(), { filename: "a.txt", purpose: "assistants" });
    const hash = createHash("sha256");
    for (let number = 0; number < count; number += 1) hash.update(piece);
    tell({ event: "file", id, step: "uploaded", sha256: hash.digest("hex") });
    kept.push(id);
    while (kept.length > mostKept) {
      const oldest = kept.shift() ?? "";
      tell({ event: "file", id: oldest, step: "deleting" });
      await files.delete(oldest);
      tell({ event: "file", id: oldest, step: "deleted" });
    }
  });
}
