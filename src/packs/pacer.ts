/** How many entries are handled between two looks at whether others want the thread; a few hundred microseconds. */
const stride = 128;

/** Gives way to others now and then, at no cost in between. */
export class Pacer {
  readonly #pace: () => Promise<void> | void;
  #left = stride;

  constructor(pace: () => Promise<void> | void) {
    this.#pace = pace;
  }

  /** Counts a piece of work. @returns whether it is time to {@link pause}. */
  due(): boolean {
    this.#left -= 1;
    return this.#left <= 0;
  }

  async pause(): Promise<void> {
    this.#left = stride;
    await this.#pace();
  }
}
