interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Group commit for an engine that has none of its own: what arrives in one turn of the event loop shares a commit, and so
 * does what arrives while a commit is under way.
 */
export class Gathering<Item> {
  readonly #commit: (items: readonly Item[]) => Promise<void> | void;
  #waiting: Waiting<Item>[] = [];
  #committing = false;

  /** @param commit makes all its items durable, or throws, and then none of them counts. */
  constructor(commit: (items: readonly Item[]) => Promise<void> | void) {
    this.#commit = commit;
  }

  /** Resolves when the item is durable. */
  add(item: Item): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#committing) this.#commitNextTurn();
    });
  }

  #commitNextTurn(): void {
    this.#committing = true;
    setImmediate(() => {
      const group = this.#waiting;
      this.#waiting = [];
      const committed = new Promise<void>((resolve) => {
        resolve(this.#commit(group.map(({ item }) => item)));
      });
      committed.then(
        () => {
          for (const { resolve } of group) resolve();
          this.#goOn();
        },
        (error: unknown) => {
          for (const { reject } of group) reject(error);
          this.#goOn();
        },
      );
    });
  }

  #goOn(): void {
    if (this.#waiting.length > 0) this.#commitNextTurn();
    else this.#committing = false;
  }
}
