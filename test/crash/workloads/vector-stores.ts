import type { StateDirectory } from "../product.js";
import type { Session, Workload } from "./workload.js";

/**
 * Vector stores whose files another program ingests: made with files and without, files attached, settled, detached and
 * deleted, one by one and in a batch, side by side; one store is deleted. The counts of a store are those of its files,
 * and no attachment is of a file, or in a store, that is no more.
 */
export const vectorStores: Workload = {
  name: "vector-stores",
  settings: { vectorStores: { ingestion: "external" } },
  async run(session) {
    const state = await session.open();
    const files = await Promise.all(["a", "b", "c"].map((name) => upload(session, state, name)));
    const [first, second] = await Promise.all([
      state.vectorStores.create({ name: "first", file_ids: files.slice(0, 2) }),
      state.vectorStores.create({ name: "second" }),
    ]);
    session.acknowledged(state);
    await Promise.all([
      attachAndSettle(session, state, second.id, files[2] ?? ""),
      settle(session, state, first.id, files[0] ?? "", "completed"),
    ]);
    await state.checkpoint();
    await state.vectorStores.batches.create(second.id, { file_ids: files.slice(0, 2) });
    session.acknowledged(state);
    await state.vectorStores.detach(first.id, files[1] ?? "");
    session.acknowledged(state);
    await state.files.delete(files[0] ?? "");
    session.acknowledged(state);
    await state.vectorStores.delete(first.id);
    session.acknowledged(state);
    await session.close(state);
  },
  async check(state) {
    const problems: string[] = [];
    const files = new Set((await state.files.list()).files.map(({ id }) => id));
    for (const { id, file_counts: counts } of (await state.vectorStores.list()).vectorStores) {
      const attached = (await state.vectorStores.listFiles(id, { limit: 100 })).files;
      if (counts.total !== attached.length)
        problems.push(`the vector store ${id} counts ${counts.total} files, and has ${attached.length}`);
      for (const { id: file } of attached)
        if (!files.has(file)) problems.push(`the vector store ${id} has the file ${file}, which is no more`);
    }
    return problems;
  },
};

async function upload(session: Session, state: StateDirectory, name: string): Promise<string> {
  const bytes = Buffer.alloc(300 + session.random.below(500), name);
  const { id } = await state.files.upload(bytes, { filename: `${name}.txt`, purpose: "assistants" });
  session.acknowledged(state);
  return id;
}

async function attachAndSettle(session: Session, state: StateDirectory, store: string, file: string): Promise<void> {
  await state.vectorStores.attach(store, { file_id: file, attributes: { of: "the workload" } });
  session.acknowledged(state);
  await settle(session, state, store, file, "failed");
}

async function settle(
  session: Session,
  state: StateDirectory,
  store: string,
  file: string,
  status: "completed" | "failed",
): Promise<void> {
  const attachment = await state.vectorStores.getFile(store, file);
  await state.vectorStores.settleFile(store, file, {
    attachment: attachment?.body.attachment,
    status,
    ...(status === "completed" ? { usage_bytes: 200 } : { last_error: { code: "server_error", message: "failed" } }),
  });
  session.acknowledged(state);
}
