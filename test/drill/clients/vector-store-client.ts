import { isDeepStrictEqual } from "node:util";
import type OpenAI from "openai";
import { checkVectorStore } from "../checks/check-vector-stores.js";
import type { AcknowledgedVectorStore, OperationKind } from "../ledger.js";
import { operate } from "../operation.js";
import { listVectorStores, readVectorStore } from "../readings/read-vector-stores.js";
import { Client, type ClientTools } from "./client.js";
import { FileKeeper } from "./file-keeper.js";

/** A change that was not acknowledged: it has taken place as a whole, or not at all. */
type PendingChange =
  | { readonly what: "creation"; readonly name: string; readonly files: readonly string[] }
  | { readonly what: "files"; readonly store: AcknowledgedVectorStore; readonly after: ReadonlySet<string> }
  | { readonly what: "deletion"; readonly store: AcknowledgedVectorStore };

/** So many vector stores it keeps, and so many files in each; then it makes room. */
const mostStores = 4;
const mostFiles = 8;
/** Between two looks of a client that polls, in milliseconds. What it waits for is there at once. */
const pollIntervalMs = 20;

/** Makes vector stores, attaches files to them, one by one and in batches, detaches and deletes them again. */
export class VectorStoreClient extends Client {
  readonly #keeper: FileKeeper;
  #stores: AcknowledgedVectorStore[] = [];
  #created = 0;
  #pending: PendingChange | undefined;
  /** The router whose vector stores were last compared as a whole. */
  #checkedOf: OpenAI | undefined;

  constructor(tools: ClientTools) {
    super(tools);
    this.#keeper = new FileKeeper(`${this.name}, attached file`, this.ledger, this.random);
  }

  override async settle(client: OpenAI): Promise<void> {
    await this.#keeper.settle(client);
    await this.#settleChange(client);
    if (this.#checkedOf === client) return;
    for (const store of this.#stores) {
      this.#dropDeletedFiles(store);
      await checkVectorStore(client, this.ledger, store);
    }
    this.#checkedOf = client;
  }

  override async prove(client: OpenAI): Promise<void> {
    // One of each change, so that none is left unproved by a drill of few kills.
    const [first, second, third] = [
      await this.#keeper.upload(client),
      await this.#keeper.upload(client),
      await this.#keeper.upload(client),
    ];
    const store = await this.#create(client, [first]);
    const other = await this.#create(client, [first, second]);
    await this.#attachBatch(client, store, [second, third]);
    await this.#detach(client, store, second);
    await this.#deleteFile(client, first);
    await this.settle(client);
    await this.#attach(client, store, second);
    await this.#delete(client, other);
    await checkVectorStore(client, this.ledger, store);
  }

  protected override async step(client: OpenAI): Promise<void> {
    await this.settle(client);
    const [store] = this.random.sample(this.#stores, 1);
    if (store === undefined || (this.#stores.length < mostStores && this.random.chance(0.15))) {
      await this.#create(client, this.random.sample([...this.#keeper.files], 2));
      return;
    }
    const [attached] = this.random.sample([...store.attached], 1);
    const choice = this.random.next();
    if (attached === undefined || (choice < 0.55 && store.attached.size < mostFiles)) await this.#add(client, store);
    else if (choice < 0.7) await this.#detach(client, store, attached);
    else if (choice < 0.85) await this.#deleteFile(client, attached);
    else if (this.#stores.length > 1) await this.#delete(client, store);
    else await checkVectorStore(client, this.ledger, store);
  }

  protected override beginAnew(): void {
    this.#keeper.forget();
    this.#stores = [];
    this.#pending = undefined;
  }

  async #create(client: OpenAI, files: readonly string[]): Promise<AcknowledgedVectorStore> {
    this.#created += 1;
    const name = `${this.name}, vector store ${this.#created}`;
    this.#pending = { what: "creation", name, files };
    const { id } = await operate(this.ledger, "store creation", () =>
      client.vectorStores.create({ name, file_ids: [...files] }),
    );
    this.#pending = undefined;
    return this.#accept(id, name, files);
  }

  /** One more file, new or known, alone or with another in a batch. */
  async #add(client: OpenAI, store: AcknowledgedVectorStore): Promise<void> {
    const [known] = this.random.sample([...this.#keeper.files], 1);
    const file = known !== undefined && this.random.chance(0.4) ? known : await this.#keeper.upload(client);
    if (known === undefined || known === file || this.random.chance(0.5)) await this.#attach(client, store, file);
    else await this.#attachBatch(client, store, [file, known]);
  }

  async #attachBatch(client: OpenAI, store: AcknowledgedVectorStore, files: readonly string[]): Promise<void> {
    await this.#change(
      store,
      "file batch",
      new Set([...store.attached, ...files]),
      async () => {
        const body = { file_ids: [...files] };
        const batch = await client.vectorStores.fileBatches.createAndPoll(store.id, body, { pollIntervalMs });
        return [batch.status, batch.file_counts.completed];
      },
      ["completed", files.length],
    );
  }

  async #attach(client: OpenAI, store: AcknowledgedVectorStore, file: string): Promise<void> {
    await this.#change(
      store,
      "attachment",
      new Set([...store.attached, file]),
      async () => {
        const body = { file_id: file };
        const attached = await client.vectorStores.files.createAndPoll(store.id, body, { pollIntervalMs });
        return [attached.id, attached.status];
      },
      [file, "completed"],
    );
  }

  async #detach(client: OpenAI, store: AcknowledgedVectorStore, file: string): Promise<void> {
    const after = new Set([...store.attached].filter((id) => id !== file));
    await this.#change(
      store,
      "detachment",
      after,
      async () => {
        const { id, deleted } = await client.vectorStores.files.delete(file, { vector_store_id: store.id });
        return [id, deleted];
      },
      [file, true],
    );
  }

  /** Changes the files of a store, in one request that does all of it or nothing. */
  async #change(
    store: AcknowledgedVectorStore,
    kind: OperationKind,
    after: ReadonlySet<string>,
    send: () => Promise<unknown>,
    expected: unknown,
  ): Promise<void> {
    this.#pending = { what: "files", store, after };
    const answer = await operate(this.ledger, kind, send);
    this.#pending = undefined;
    this.ledger.expectEqual(`the answer to the ${kind} in ${store.id}`, answer, expected);
    replace(store.attached, after);
  }

  /** Deletes a file that is attached, here and perhaps elsewhere: it leaves all of them with it. */
  async #deleteFile(client: OpenAI, file: string): Promise<void> {
    // Until all stores have been compared again, which of them have the file is not sure.
    this.#checkedOf = undefined;
    await this.#keeper.delete(client, file, "attached file deletion");
  }

  async #delete(client: OpenAI, store: AcknowledgedVectorStore): Promise<void> {
    this.#pending = { what: "deletion", store };
    await operate(this.ledger, "store deletion", () => client.vectorStores.delete(store.id));
    this.#pending = undefined;
    this.#noteDeleted(store);
  }

  async #settleChange(client: OpenAI): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    const tookPlace =
      pending.what === "creation"
        ? await this.#settleCreation(client, pending.name, pending.files)
        : pending.what === "files"
          ? await this.#settleFiles(client, pending.store, pending.after)
          : await this.#settleDeletion(client, pending.store);
    this.ledger.cutOffOperations[tookPlace ? "foundWhole" : "foundAbsent"] += 1;
    this.#pending = undefined;
  }

  async #settleCreation(client: OpenAI, name: string, files: readonly string[]): Promise<boolean> {
    const found = (await listVectorStores(client)).find((store) => store.name === name);
    // With its first files, or the comparison of all stores that follows finds the difference.
    if (found !== undefined) this.#accept(found.id, name, files);
    return found !== undefined;
  }

  async #settleFiles(client: OpenAI, store: AcknowledgedVectorStore, after: ReadonlySet<string>): Promise<boolean> {
    const read = await readVectorStore(client, store.id);
    const found = new Set(read?.files.map(({ id }) => id));
    // Compared as a whole: what is half there is taken for what was before, and then found to be wrong.
    const tookPlace = isDeepStrictEqual(found, after);
    if (tookPlace) replace(store.attached, after);
    return tookPlace;
  }

  async #settleDeletion(client: OpenAI, store: AcknowledgedVectorStore): Promise<boolean> {
    const tookPlace = (await readVectorStore(client, store.id)) === undefined;
    if (tookPlace) this.#noteDeleted(store);
    return tookPlace;
  }

  #accept(id: string, name: string, files: readonly string[]): AcknowledgedVectorStore {
    const store = { id, name, attached: new Set(files) };
    this.#stores.push(store);
    this.ledger.vectorStores.set(id, store);
    return store;
  }

  #noteDeleted(store: AcknowledgedVectorStore): void {
    this.#stores = this.#stores.filter((one) => one !== store);
    this.ledger.vectorStores.delete(store.id);
    this.ledger.absentVectorStores.add(store.id);
  }

  #dropDeletedFiles({ attached }: AcknowledgedVectorStore): void {
    for (const file of attached) if (this.ledger.absentFiles.has(file)) attached.delete(file);
  }
}

function replace(set: Set<string>, values: ReadonlySet<string>): void {
  set.clear();
  for (const value of values) set.add(value);
}
