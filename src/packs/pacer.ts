import type { Output } from "./output.js";
import type { PackTarget } from "./pack-target.js";

/** How many entries are handled between two looks at whether others want the thread; a few hundred microseconds. */
const stride = 128;

/** Gives way to others now and then, at no cost in between. */
export class Pacer {
  readonly #pace: PackTarget["pace"];
  readonly #outputs: readonly Pick<Output, "position">[];
  #written = 0;
  #left = stride;

  /** @param outputs what is written meanwhile, so that it can be said how much that was. */
  constructor(pace: PackTarget["pace"], ...outputs: readonly Pick<Output, "position">[]) {
    this.#pace = pace;
    this.#outputs = outputs;
  }

  /** Counts a piece of work. @returns whether it is time to {@link pause}. */
  due(): boolean {
    this.#left -= 1;
    return this.#left <= 0;
  }

  async pause(): Promise<void> {
    this.#left = stride;
    const before = this.#written;
    this.#written = this.#outputs.reduce((bytes, { position }) => bytes + position, 0);
    await this.#pace(this.#written - before);
  }
}
