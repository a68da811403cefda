import type { HoldfastError } from "../errors.js";

/** Writers that the journal's limit holds up; who came first goes on first. */
export class WaitingWriters {
  #waiting: { readonly resolve: () => void; readonly reject: (error: HoldfastError) => void }[] = [];

  /** Resolves when it is this writer's turn to go on. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Lets so many go on. */
  release(count: number): void {
    for (const { resolve } of this.#waiting.splice(0, count)) resolve();
  }

  /** Lets all go on, or tells them why they can not. */
  releaseAll(failure: HoldfastError | undefined): void {
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (failure === undefined) resolve();
      else reject(failure);
    }
  }
}
