import type { ResponseBody } from "./workload.js";

/** One engine of the comparison: holdfast or a peer. */
export interface Engine {
  readonly name: string;
  /** How it is set up, for the reader of the table. */
  readonly setting: string;
  /** Whether it is one to be measured against; false for holdfast itself. */
  readonly peer: boolean;
  /** Whether a commit runs on the event loop, so that nothing else does until the disk has answered. */
  readonly blocking: boolean;

  /** Opens the store in `directory`, which exists, and creates what is not there yet. */
  open(directory: string): Promise<OpenEngine>;
}

/** A store that is open. */
export interface OpenEngine {
  /** Stores one document with its two index entries; resolves once all of it is durable. */
  insert(id: string, body: ResponseBody): Promise<void>;

  /** How many documents are stored. */
  count(): Promise<number>;

  /** What else is worth knowing at the end of the measured window, such as checkpoints and backlog. */
  figures(): Readonly<Record<string, number>>;

  close(): Promise<void>;
}
