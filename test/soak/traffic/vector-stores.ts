import type OpenAI from "openai";
import type { Random } from "../../drill/random.js";
import { listFiles } from "../../drill/readings/read-files.js";
import { listVectorStores, readVectorStore } from "../../drill/readings/read-vector-stores.js";
import { request } from "../../drill/service.js";
import { contentOf, uploadFile } from "./files.js";
import type { Kind } from "./kind.js";

interface VectorStoreState {
  readonly name: string;
  /** Sorted. */
  readonly files: readonly string[];
}

const names = Array.from({ length: 6 }, (_, index) => `soak-attached-${index}.txt`);
const bytesPerFile = 2_000;

/** Vector stores, whose files are attached and detached, by the official client. The files stay. */
export class VectorStoreKind implements Kind<VectorStoreState> {
  readonly name = "vector store";
  readonly most = 8;
  #files: readonly string[] = [];

  async prepare(client: OpenAI): Promise<void> {
    if (this.#files.length > 0) return;
    // What an earlier attempt got to before it was cut off is used, not made again.
    const known = new Map((await listFiles(client)).map(({ filename, id }) => [filename, id]));
    const files: string[] = [];
    for (const name of names) {
      files.push(known.get(name) ?? (await uploadFile(client, name, contentOf(name, bytesPerFile))));
    }
    this.#files = files;
  }

  first(key: string, random: Random): VectorStoreState {
    return { name: key, files: random.sample(this.#files, 2).sort() };
  }

  next({ name, files }: VectorStoreState, random: Random): VectorStoreState {
    const [toggled = ""] = random.sample(this.#files, 1);
    const others = files.filter((id) => id !== toggled);
    return { name, files: others.length < files.length ? others : [...files, toggled].sort() };
  }

  async create(client: OpenAI, key: string, { files }: VectorStoreState): Promise<string> {
    const { id } = await request(() => client.vectorStores.create({ name: key, file_ids: [...files] }));
    return id;
  }

  async change(client: OpenAI, id: string, from: VectorStoreState, to: VectorStoreState): Promise<void> {
    for (const file_id of to.files.filter((file) => !from.files.includes(file))) {
      await request(() => client.vectorStores.files.create(id, { file_id }));
    }
    for (const file of from.files.filter((one) => !to.files.includes(one))) {
      await request(() => client.vectorStores.files.delete(file, { vector_store_id: id }));
    }
  }

  async remove(client: OpenAI, id: string): Promise<void> {
    await request(() => client.vectorStores.delete(id));
  }

  async read(client: OpenAI, id: string): Promise<VectorStoreState | undefined> {
    const read = await readVectorStore(client, id);
    return read === undefined ? undefined : { name: read.store.name, files: read.files.map((file) => file.id).sort() };
  }

  async find(client: OpenAI, key: string): Promise<string | undefined> {
    return (await listVectorStores(client)).find(({ name }) => name === key)?.id;
  }
}
