import type { StateDirectory } from "../product.js";
import type { Session, Workload } from "./workload.js";
import { uploads } from "./uploads.js";

/**
 * Files that are uploaded and deleted side by side, so that the bytes of some arrive while those of others go: whatever
 * a crash leaves, a file is there whole or not at all, and no bytes stay behind that belong to nothing.
 */
export const fileRemovals: Workload = {
  name: "file-removals",
  async run(session) {
    const state = await session.open();
    await Promise.all([1, 2].map((client) => uploadAndDelete(session, state, client)));
    await state.checkpoint();
    await uploadAndDelete(session, state, 3);
    await session.close(state);
  },
  async check(state) {
    const problems = (await uploads.check?.(state)) ?? [];
    const recorded = new Set((await state.files.list()).files.map(({ id }) => id));
    for await (const { id } of state.blobs.list())
      if (!recorded.has(id)) problems.push(`the bytes of ${id} are there, and belong to no file`);
    return problems;
  },
};

async function uploadAndDelete(session: Session, state: StateDirectory, client: number): Promise<void> {
  let previous: string | undefined;
  for (let round = 0; round < 3; round += 1) {
    const bytes = Buffer.alloc(100 + session.random.below(6_000), client * 10 + round);
    const { id } = await state.files.upload(bytes, { filename: `${client}-${round}.txt`, purpose: "user_data" });
    session.acknowledged(state);
    if (previous !== undefined) {
      await state.files.delete(previous);
      session.acknowledged(state);
    }
    previous = id;
  }
}
