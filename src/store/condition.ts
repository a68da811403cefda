import { HoldfastError } from "../errors.js";

/**
 * What the store can do at the moment. `open`: everything. `full`: read and delete; it becomes `open` again by itself.
 * `failed`, `fenced`: read only, until the directory is opened anew. `closed`: nothing.
 */
export interface StoreCondition {
  readonly state: "open" | "full" | "failed" | "fenced" | "closed";
  readonly error?: HoldfastError;
}

/** Holds the condition, and tells those who want to know. */
export class ConditionKeeper {
  #condition: StoreCondition = { state: "open" };
  readonly #listeners = new Set<(condition: StoreCondition) => void>();

  get current(): StoreCondition {
    return this.#condition;
  }

  /** @returns how to stop listening. */
  listen(listener: (condition: StoreCondition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(condition: StoreCondition): void {
    // What has failed stays failed; only closing comes after it.
    const isFinal =
      this.#condition.state === "failed" || this.#condition.state === "fenced" || this.#condition.state === "closed";
    if (isFinal && condition.state !== "closed") return;
    this.#condition = condition;
    for (const listener of this.#listeners) listener(condition);
  }

  /** @throws HoldfastError `CLOSED` */
  assertReadable(): void {
    if (this.#condition.state === "closed") throw new HoldfastError("CLOSED", "The state directory has been closed.");
  }

  /** @throws HoldfastError `CLOSED`, `STORAGE_FAILED`, `WRITER_FENCED` */
  assertWritable(): void {
    this.assertReadable();
    const { state, error } = this.#condition;
    if ((state === "failed" || state === "fenced") && error !== undefined) {
      throw new HoldfastError(error.code, error.message, { cause: error, details: error.details });
    }
  }
}
