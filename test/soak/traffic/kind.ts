import type OpenAI from "openai";
import type { Random } from "../../drill/random.js";

/**
 * One kind of thing that is kept: how its states follow each other, and how they are asked for and read. `State` is all
 * that is compared; it must be plain data. Every call but `first` and `next` talks to the service, may be cut off by its
 * end, and does what it does as a whole or not at all.
 */
export interface Kind<State> {
  readonly name: string;
  /** So many live at once. */
  readonly most: number;
  /** What one begins as; `key` is its own, and part of it. */
  first(key: string, random: Random): State;
  /** What it is to be next. */
  next(state: State, random: Random): State;
  /** @returns its id. */
  create(client: OpenAI, key: string, state: State): Promise<string>;
  change(client: OpenAI, id: string, from: State, to: State): Promise<void>;
  remove(client: OpenAI, id: string): Promise<void>;
  /** @returns `undefined` if there is none. */
  read(client: OpenAI, id: string): Promise<State | undefined>;
  /** Looks for one whose creation was not answered. @returns its id. */
  find(client: OpenAI, key: string): Promise<string | undefined>;
  /** Makes what the others rest on, if it is not there yet. Called while nobody works. */
  prepare?(client: OpenAI): Promise<void>;
}
