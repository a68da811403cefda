import { createHash } from "node:crypto";
import type { BlobStore } from "../../../src/collections/index.js";
import type { FileSystem } from "../../../src/files/file-system.js";
import { DirectoryBlobs, Layout, type StateDirectory } from "../product.js";
import { notes } from "./collections.js";
import type { Session, Workload } from "./workload.js";

/**
 * Uploads: the bytes first, and then the document that names them, with their hash. In whatever state a crash leaves the
 * disk, a document's bytes are there.
 */
export const blobs: Workload = {
  name: "blobs",
  async run(session) {
    const state = await session.open();
    const store = blobsOf(session.process.environment.fileSystem, session.machine.directory);
    await Promise.all([0, 1, 2].map((upload) => uploadOne(session, state, store, upload)));
    await state.collection(notes).delete("blob-1");
    session.acknowledged(state);
    await store.remove("blob-1");
    await state.checkpoint();
    await uploadOne(session, state, store, 3);
    await store.close();
    await session.close(state);
  },
  async check({ environment }, directory, state) {
    const problems: string[] = [];
    const store = blobsOf(environment.fileSystem, directory);
    await store.tidy();
    for (const { id, body } of (await state.collection(notes).list({ where: { tag: "blob" } })).documents) {
      const found = await hashOf(store, id);
      if (found !== body.text)
        problems.push(`the bytes of ${id} ${found === undefined ? "are missing" : "are others"}`);
    }
    await store.close();
    return problems;
  },
};

function blobsOf(fileSystem: FileSystem, directory: string): InstanceType<typeof DirectoryBlobs> {
  return new DirectoryBlobs({
    fileSystem,
    layout: new Layout(directory),
    owner: {
      // There is one process at a time.
      checkFence: () => undefined,
      quarantine: (path) => Promise.reject(new Error(`${path} need not be set aside`)),
    },
  });
}

async function uploadOne(session: Session, state: StateDirectory, store: BlobStore, upload: number): Promise<void> {
  const id = `blob-${upload}`;
  const chunks = [1, 2, 3].map((fill) => Buffer.alloc(200 + session.random.below(3_000), fill + upload));
  const { sha256, size } = await store.write(id, streamOf(chunks));
  const body = { text: sha256, tag: "blob", count: size };
  const head = await state.collection(notes).insert(id, body);
  session.acknowledged(state, { collection: "notes", ...head, body });
}

async function* streamOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void, void> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function hashOf(store: BlobStore, id: string): Promise<string | undefined> {
  const stream = await store.read(id);
  if (stream === undefined) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
