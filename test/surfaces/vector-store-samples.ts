import type { Store } from "../../src/collections/index.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { filesCollection } from "../../src/surfaces/files/index.js";
import {
  attachmentsCollection,
  type Ingester,
  type VectorBackend,
  type VisibleVectorStore,
} from "../../src/surfaces/vector-stores/index.js";

/** Records files without bytes: enough to attach them, until the directory is opened again. */
export async function uploadFiles(store: Store, ids: readonly string[], owner?: string): Promise<void> {
  await store.transaction(async (transaction) => {
    for (const id of ids) {
      await transaction.collection(filesCollection).insert(id, {
        file: {
          id,
          object: "file",
          bytes: 100,
          created_at: 1_760_000_000,
          filename: `${id}.txt`,
          purpose: "assistants",
          status: "processed",
          sha256: "0".repeat(64),
        },
        ...(owner === undefined ? {} : { owner }),
      });
    }
  });
}

/** Uploads a file with bytes, which outlives a restart. @returns its id. */
export async function uploadedFile({ files }: StateDirectory, filename: string): Promise<string> {
  const stored = await files.upload(Buffer.from(`text of ${filename}`), { filename, purpose: "assistants" });
  return stored.id;
}

export function fileIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `file-${String(index).padStart(4, "0")}`);
}

/** Counts the attachments of a store one by one, whatever the surface says of them. */
export async function recount(
  store: Store,
  vectorStore: string,
): Promise<Pick<VisibleVectorStore, "file_counts" | "usage_bytes">> {
  const { documents } = await store.collection(attachmentsCollection).list({ limit: 10_000 });
  const own = documents
    .map(({ body }) => body.vector_store_file)
    .filter((file) => file.vector_store_id === vectorStore);
  const count = (status: string): number => own.filter((file) => file.status === status).length;
  return {
    file_counts: {
      in_progress: count("in_progress"),
      completed: count("completed"),
      failed: count("failed"),
      cancelled: count("cancelled"),
      total: own.length,
    },
    usage_bytes: own.reduce((sum, { usage_bytes }) => sum + usage_bytes, 0),
  };
}

/** A backend that is out of order for as long as a test wants. */
export class FailingBackend implements VectorBackend {
  readonly name: string;
  isDown = false;
  readonly #backend: VectorBackend;

  constructor(backend: VectorBackend) {
    this.name = backend.name;
    this.#backend = backend;
  }

  async list(): Promise<readonly string[]> {
    this.#assertUp();
    return this.#backend.list();
  }

  async create(collection: string): Promise<void> {
    this.#assertUp();
    await this.#backend.create(collection);
  }

  async delete(collection: string): Promise<void> {
    this.#assertUp();
    await this.#backend.delete(collection);
  }

  #assertUp(): void {
    if (this.isDown) throw new Error("connection refused");
  }
}

/** An ingester whose ingestions end when a test says so, and which keeps what it made, by ownership token. */
export class ControlledIngester implements Ingester {
  /** What was made and not removed: ownership tokens. */
  readonly made = new Set<string>();
  readonly #begun = new Map<string, { token: string; end: (error?: Error) => void }>();
  readonly #waiting: { readonly file: string; readonly resolve: () => void }[] = [];
  mostAtOnce = 0;

  async ingest(...[attachment]: Parameters<Ingester["ingest"]>): Promise<{ usage_bytes: number }> {
    const { id } = attachment.vector_store_file;
    const ended = new Promise<void>((resolve, reject) => {
      const end = (error?: Error): void => {
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#begun.set(id, { token: attachment.attachment, end });
    });
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#begun.size);
    for (const { file, resolve } of this.#waiting) if (file === id) resolve();
    await ended;
    this.made.add(attachment.attachment);
    return { usage_bytes: 7 };
  }

  remove({ attachment }: Parameters<NonNullable<Ingester["remove"]>>[0]): Promise<void> {
    this.made.delete(attachment);
    return Promise.resolve();
  }

  /** Resolves when the ingestion of a file has begun. */
  async begun(file: string): Promise<string> {
    if (!this.#begun.has(file)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push({ file, resolve });
      });
    }
    return this.#begun.get(file)?.token ?? "";
  }

  /** Ends every ingestion that has begun. */
  endAll(): void {
    for (const file of [...this.#begun.keys()]) this.end(file);
  }

  /** Ends an ingestion that has begun. */
  end(file: string, error?: Error): void {
    const begun = this.#begun.get(file);
    this.#begun.delete(file);
    begun?.end(error);
  }
}
