import type { Document } from "../../../src/collections/index.js";
import type { StateDirectory } from "../../../src/open-state-directory.js";
import { entries, type Entry } from "../../programs/entries.js";
import { ChangeCollector } from "../../readers/change-collector.js";

/** What a reader had at a sequence number: texts by id, in the order of the listing. */
export interface Picture {
  readonly sequence: number;
  readonly texts: readonly (readonly [id: string, text: string, revision: number])[];
}

export function textsOf(documents: readonly Document<Entry>[]): Picture["texts"] {
  return documents.map(({ id, body, revision }) => [id, body.text, revision]);
}

const mostAttempts = 50;

/** A reader with its change feed, and the pictures that were taken of it. */
export class FollowedReader implements AsyncDisposable {
  readonly #state: StateDirectory;
  readonly since: number;
  readonly feed: ChangeCollector;
  readonly pictures: Picture[] = [];

  constructor(state: StateDirectory, since: number) {
    this.#state = state;
    this.since = since;
    this.feed = new ChangeCollector(state, since);
  }

  /** Takes a picture, at a moment at which the reader did not move on while it was taken. */
  async takePicture(): Promise<void> {
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      const sequence = this.#state.lastSequence;
      const { documents } = await this.#state.collection(entries).list({ limit: 1_000 });
      if (this.#state.lastSequence !== sequence) continue;
      this.pictures.push({ sequence, texts: textsOf(documents) });
      return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feed[Symbol.asyncDispose]();
    await this.#state.close();
  }
}
