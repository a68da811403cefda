import type { NamedDocument, ResponseBody } from "./documents.js";

/** What an engine is to the comparison: the thing measured, a library in the same process, or a server beside it. */
export type EngineKind = "holdfast" | "embedded" | "server";

/**
 * Which two secondary indexes an engine keeps that has no order of creation of its own: those of the writing workloads,
 * or those that the lists need.
 */
export type Indexes = "conversation and model" | "conversation and creation";

/** One engine of the comparison: holdfast or a peer. */
export interface Engine {
  readonly name: string;
  /** How it is set up, for the reader of the table. */
  readonly setting: string;
  readonly kind: EngineKind;
  /** Whether a commit runs on the event loop, so that nothing else does until the disk has answered. */
  readonly blocking: boolean;
  /** False for one that acknowledges what the disk does not have yet: it is shown, and never counts as the best peer. */
  readonly durable: boolean;
  /** Whether it keeps the two indexes. */
  readonly indexed: boolean;
  /** The largest store, in documents, that it is measured with: beyond, it takes longer than it has to tell. */
  readonly largestStore?: number;

  /** Why it can not be measured on this machine; `undefined` if it can. */
  unavailable?(): string | undefined;

  /** Opens the store in `directory`, which exists, and creates what is not there yet. A server is started. */
  open(directory: string, indexes: Indexes): Promise<OpenEngine>;
}

/** A store that is open. */
export interface OpenEngine {
  /** Stores one document with its index entries; resolves once all of it is durable. */
  insert(id: string, body: ResponseBody): Promise<void>;

  /** Replaces a document; resolves once that is durable. Conversation and model stay what they were. */
  replace(id: string, body: ResponseBody): Promise<void>;

  /** Stores many documents as fast as the engine can; resolves once all of them are stored. */
  load(documents: Iterable<NamedDocument>): Promise<void>;

  get(id: string): Promise<ResponseBody | undefined>;

  /** Absent where there is nothing to look up with. */
  readonly lists?: Lists;

  /** Brings what is stored into the form it would have after a quiet while. */
  merge?(): Promise<void>;

  /** How many documents are stored. */
  count(): Promise<number>;

  /** What else is worth knowing at the end of the measured window, such as checkpoints and backlog. */
  figures(): Readonly<Record<string, number>>;

  /** The process of the server, if there is one. */
  readonly serverProcess?: number;

  close(): Promise<void>;
}

/** Newest first, with bodies. */
export interface Lists {
  newest(limit: number): Promise<readonly ResponseBody[]>;
  ofConversation(conversation: string, limit: number): Promise<readonly ResponseBody[]>;
}
