import { createHash } from "node:crypto";
import type { StateDirectory } from "../product.js";
import type { Session, Workload } from "./workload.js";

/**
 * Files: the bytes first, and then the record that names them, with their hash. In whatever state a crash leaves the
 * disk, the bytes of a record are there. Some uploads run side by side; one file is deleted again.
 */
export const uploads: Workload = {
  name: "uploads",
  async run(session) {
    const state = await session.open();
    const ids = await Promise.all([1, 2, 3].map((fill) => upload(session, state, fill)));
    await state.files.delete(ids[1] ?? "");
    session.acknowledged(state);
    await state.checkpoint();
    await upload(session, state, 4);
    await session.close(state);
  },
  async check(state) {
    const problems: string[] = [];
    for (const { id, body } of (await state.files.list()).files) {
      const { status, sha256 } = body.file;
      if (status !== "processed") problems.push(`the file ${id} is ${status}`);
      else if ((await hashOf(state, id)) !== sha256)
        problems.push(`the bytes of ${id} are not those that were uploaded`);
    }
    return problems;
  },
};

async function upload(session: Session, state: StateDirectory, fill: number): Promise<string> {
  const chunks = [1, 2, 3].map(() => Buffer.alloc(200 + session.random.below(3_000), fill));
  const { id } = await state.files.upload(streamOf(chunks), { filename: `${fill}.txt`, purpose: "user_data" });
  session.acknowledged(state);
  return id;
}

async function* streamOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void, void> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function hashOf(state: StateDirectory, id: string): Promise<string | undefined> {
  const content = await state.files.content(id);
  if (content === undefined) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of content.bytes) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
