import { setTimeout as delay } from "node:timers/promises";
import type { Store } from "../../collections/index.js";
import { attachmentsCollection, type AttachmentBody, type LastError } from "./attachment-document.js";
import type { AttachableFile, FileDirectory } from "./file-directory.js";
import { IngestionFailure, type Ingester } from "./ingester.js";
import { changeIfOwned, completed, failed } from "./settle-attachment.js";

export interface IngestionQueueOptions {
  readonly store: Store;
  readonly files: FileDirectory;
  readonly ingester: Ingester;
  /** Names this run of this process. */
  readonly process: string;
  /** How many files are ingested at once. */
  readonly workers: number;
  /** Called when an ingestion has come to its end and its result was dropped, because the attachment is no more. */
  readonly onDropped: (attachment: AttachmentBody) => Promise<void>;
  /** Gets what keeps the queue from going on. Nothing is lost of it: the next {@link IngestionQueue.wake} tries again. */
  readonly onFailure: (error: unknown) => void;
}

/** How long an ingestion may take to notice that the process is stopping, in milliseconds. */
const stopGraceMs = 10_000;

/** An ingestion that a worker has begun. */
interface Run {
  readonly key: string;
  readonly attachment: AttachmentBody;
  readonly stop: AbortController;
  /** Its end, once it has one that is not stored yet. */
  outcome?: (body: AttachmentBody) => AttachmentBody;
}

/**
 * Runs ingestions, a few at a time. The queue itself is the attachments in state `queued`: it takes no memory, is as long
 * as the disk allows, and a restart finds it as it was.
 *
 * Crash argument: a worker notes durably that it runs before it begins. Whatever is found queued was never begun, and is
 * simply taken up; whatever is found running under another process's name died with it, and is failed by reconciliation.
 */
export class IngestionQueue {
  readonly #options: IngestionQueueOptions;
  readonly #stopping = new AbortController();
  readonly #runs = new Set<Run>();
  readonly #workers = new Set<Promise<void>>();
  #wakes = 0;

  constructor(options: IngestionQueueOptions) {
    this.#options = options;
  }

  /** Has workers look whether there is something to do. To be called whenever something was queued. */
  wake(): void {
    this.#wakes += 1;
    if (this.#stopping.signal.aborted || this.#workers.size >= this.#options.workers) return;
    const worker: Promise<void> = this.#work()
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#options.onFailure(error);
      })
      .finally(() => {
        this.#workers.delete(worker);
      });
    this.#workers.add(worker);
  }

  /** Whether an ingestion of such an attachment is still under way in this process. */
  isRunning(matches: (attachment: AttachmentBody) => boolean): boolean {
    return [...this.#runs].some(({ attachment }) => matches(attachment));
  }

  /** Tells the ingestions of such attachments to end; their results are dropped in any case. */
  cancel(matches: (attachment: AttachmentBody) => boolean): void {
    for (const { attachment, stop } of this.#runs) {
      if (matches(attachment)) stop.abort(new Error("the file is not attached any more"));
    }
  }

  /**
   * Ends the queue. Ingestions are told to end, and given a while to do so.
   *
   * @returns once every worker has come to an end, or the while is over; what was interrupted is failed at the next
   * opening. An ingestion that goes on all the same changes nothing here: its result is dropped.
   */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the process is stopping"));
    for (const { stop } of this.#runs) stop.abort(this.#stopping.signal.reason);
    const isOver = new AbortController();
    await Promise.race([
      Promise.all(this.#workers),
      // It fails in one way only: it is given up below, because the workers were quicker.
      delay(stopGraceMs, undefined, { signal: isOver.signal }).catch(() => undefined),
    ]);
    isOver.abort();
  }

  async #work(): Promise<void> {
    for (;;) {
      const wakes = this.#wakes;
      // Results that a full disk refused come first: until they are stored, their files count as in progress.
      for (const run of this.#runs) if (run.outcome !== undefined) await this.#settle(run, run.outcome);
      if (this.#stopping.signal.aborted) return;
      const begun = await this.#begin();
      if (begun === "taken") continue;
      if (begun !== undefined) {
        // There may be work for another one.
        this.wake();
        await this.#run(begun.run, begun.file);
      } else if (wakes === this.#wakes) {
        return;
      }
    }
  }

  /**
   * Takes the attachment that has waited longest. It is looked for outside of the transaction that takes it, which so
   * rests on this one document alone: however much is being attached meanwhile, it does not have to begin anew.
   *
   * @returns `"taken"` if another worker, or a detach, was faster.
   */
  async #begin(): Promise<{ run: Run; file: AttachableFile | undefined } | "taken" | undefined> {
    const { store, files, process } = this.#options;
    const [first] = (await store.collection(attachmentsCollection).list({ where: { ingestion: "queued" }, limit: 1 }))
      .documents;
    if (first === undefined) return undefined;
    const begun = await store.transaction(async (transaction) => {
      const collection = transaction.collection(attachmentsCollection);
      const found = await collection.get(first.id);
      if (found?.body.ingestion?.state !== "queued") return undefined;
      const attachment: AttachmentBody = { ...found.body, ingestion: { state: "running", process } };
      await collection.put(first.id, attachment);
      return { attachment, file: await files.get(transaction, attachment.vector_store_file.id, undefined) };
    });
    if (begun === undefined) return "taken";
    const run: Run = { key: first.id, attachment: begun.attachment, stop: new AbortController() };
    this.#runs.add(run);
    return { run, file: begun.file };
  }

  async #run(run: Run, file: AttachableFile | undefined): Promise<void> {
    const { signal } = run.stop;
    if (this.#stopping.signal.aborted) run.stop.abort(this.#stopping.signal.reason);
    let outcome: (body: AttachmentBody) => AttachmentBody;
    try {
      if (file === undefined) throw new IngestionFailure("invalid_file", "The file is not there any more.");
      const { usage_bytes } = await this.#options.ingester.ingest(run.attachment, file, { signal });
      outcome = (body) => completed(body, usage_bytes);
    } catch (error) {
      if (this.#stopping.signal.aborted) {
        // Not the file's fault. It stays as running under this process's name, which the next opening takes for what it is.
        this.#runs.delete(run);
        return;
      }
      const last_error = lastErrorOf(error);
      outcome = (body) => failed(body, { last_error });
    }
    await this.#settle(run, outcome);
  }

  async #settle(run: Run, outcome: (body: AttachmentBody) => AttachmentBody): Promise<void> {
    // Kept until it is stored, so that a disk that is full for a while costs no result.
    run.outcome = outcome;
    const { key, attachment } = run;
    const isTaken = await this.#options.store.transaction((transaction) =>
      changeIfOwned(transaction, key, attachment.attachment, outcome),
    );
    this.#runs.delete(run);
    if (!isTaken) await this.#options.onDropped(attachment);
  }
}

function lastErrorOf(error: unknown): LastError {
  if (error instanceof IngestionFailure) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "server_error", message: `The ingestion failed: ${message}` };
}
