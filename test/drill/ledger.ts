import { isDeepStrictEqual } from "node:util";
import type OpenAI from "openai";
import { RecordLedger } from "./record-ledger.js";

export type Response = OpenAI.Responses.Response;

/** A message as the drill expects to find it in a list of items. Its id is not known before it was first seen. */
export interface ExpectedMessage {
  readonly role: "user" | "assistant";
  readonly text: string;
  id?: string;
}

/** A response that was acknowledged: its reply arrived in full, or it was read. */
export interface AcknowledgedResponse {
  readonly response: Response;
  readonly input: ExpectedMessage;
}

/** A conversation that was acknowledged, and what must stand in it, in order. */
export interface AcknowledgedConversation {
  readonly conversation: OpenAI.Conversations.Conversation;
  readonly messages: ExpectedMessage[];
}

/** A file that was acknowledged, and the bytes that were sent. */
export interface AcknowledgedFile {
  readonly file: OpenAI.FileObject;
  readonly bytes: Buffer;
}

/** A vector store that was acknowledged, and the files that must be attached to it. */
export interface AcknowledgedVectorStore {
  readonly id: string;
  readonly name: string;
  readonly attached: Set<string>;
}

/** What clients do besides taking turns. */
export const operationKinds = [
  "upload",
  "download",
  "file deletion",
  "store creation",
  "attachment",
  "file batch",
  "detachment",
  "attached file deletion",
  "store deletion",
] as const;
export type OperationKind = (typeof operationKinds)[number];

interface OperationCounts {
  acknowledged: number;
  cutOff: number;
}

/** The drill's own memory, apart from the router's: what was acknowledged, and what was found to be otherwise. */
export class Ledger {
  readonly responses = new Map<string, AcknowledgedResponse>();
  readonly conversations = new Map<string, AcknowledgedConversation>();
  /** Ids of responses that must lead nowhere, and why. */
  readonly absent = new Map<string, string>();
  readonly records = new RecordLedger();
  readonly files = new Map<string, AcknowledgedFile>();
  readonly absentFiles = new Set<string>();
  readonly vectorStores = new Map<string, AcknowledgedVectorStore>();
  readonly absentVectorStores = new Set<string>();
  readonly lost: string[] = [];
  readonly wrong: string[] = [];
  /** Turns that were acknowledged, those with `store: false` included. */
  acknowledgedTurns = 0;
  /** Turns that the end of a router cut off, and what was found of them afterwards. */
  readonly cutOff = { turns: 0, foundWhole: 0, foundAbsent: 0, unknown: 0 };
  /** Operations by their kind: how many were acknowledged, and how many the end of a router cut off. */
  readonly operations = new Map<OperationKind, OperationCounts>(
    operationKinds.map((kind) => [kind, { acknowledged: 0, cutOff: 0 }]),
  );
  /** What was found afterwards of operations that were cut off and change something. */
  readonly cutOffOperations = { foundWhole: 0, foundAbsent: 0 };
  /** Vector stores whose counts and lists of files were found to differ. */
  countMismatches = 0;
  /** Replay records that were in progress although nobody was left to end them. */
  leftInProgress = 0;
  /** Comparisons of something acknowledged with what the router said of it later. */
  checks = 0;

  /** Turns and operations that were acknowledged. */
  get acknowledgements(): number {
    return [...this.operations.values()].reduce((sum, { acknowledged }) => sum + acknowledged, this.acknowledgedTurns);
  }

  acknowledge(response: Response, text: string): void {
    this.responses.set(response.id, { response, input: { role: "user", text } });
  }

  lose(what: string): void {
    this.lost.push(what);
  }

  fault(what: string): void {
    this.wrong.push(what);
  }

  /** Notes a fault unless the two are deeply equal. */
  expectEqual(what: string, found: unknown, expected: unknown): boolean {
    this.checks += 1;
    if (isDeepStrictEqual(comparable(found), comparable(expected))) return true;
    this.fault(`${what}:\n    expected ${JSON.stringify(expected)}\n    found    ${JSON.stringify(found)}`);
    return false;
  }
}

/** What the client library adds on its own is left out: `output_text`, which it derives, and what JSON does not hold. */
function comparable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === "output_text" ? undefined : member)));
}
