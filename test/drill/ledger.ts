import { isDeepStrictEqual } from "node:util";
import type OpenAI from "openai";

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

/** The drill's own memory, apart from the router's: what was acknowledged, and what was found to be otherwise. */
export class Ledger {
  readonly responses = new Map<string, AcknowledgedResponse>();
  readonly conversations = new Map<string, AcknowledgedConversation>();
  /** Ids that must lead nowhere, and why. */
  readonly absent = new Map<string, string>();
  readonly lost: string[] = [];
  readonly wrong: string[] = [];
  /** Turns that were acknowledged, those with `store: false` included. */
  acknowledgedTurns = 0;
  /** Turns that the end of a router cut off, and what was found of them afterwards. */
  readonly cutOff = { turns: 0, foundWhole: 0, foundAbsent: 0, unknown: 0 };
  /** Comparisons of something acknowledged with what the router said of it later. */
  checks = 0;

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
