import type OpenAI from "openai";
import type { ExpectedMessage, Ledger, Response } from "../ledger.js";
import { request } from "../service.js";
import { orAbsent } from "./or-absent.js";

/** Small, so that long lists are walked by their cursors. */
const itemsPerPage = 7;

/** A message as the router lists it. */
export interface FoundMessage {
  readonly id: string;
  readonly role: string;
  readonly text: string;
  readonly status: string;
}

/** Reads a response. @returns `undefined` if there is none. */
export function readResponse(client: OpenAI, id: string): Promise<Response | undefined> {
  return orAbsent(() => request(() => client.responses.retrieve(id)));
}

/** Reads the input of a response. */
export function readInput(client: OpenAI, id: string): Promise<FoundMessage[]> {
  return request(async () => {
    const found: FoundMessage[] = [];
    for await (const item of client.responses.inputItems.list(id, { order: "asc", limit: itemsPerPage })) {
      found.push(messageOf(item));
    }
    return found;
  });
}

/** Reads a conversation and all its items. @returns `undefined` if there is none. */
export function readConversation(
  client: OpenAI,
  id: string,
): Promise<{ readonly conversation: OpenAI.Conversations.Conversation; readonly found: FoundMessage[] } | undefined> {
  return orAbsent(() =>
    request(async () => {
      const conversation = await client.conversations.retrieve(id);
      const found: FoundMessage[] = [];
      for await (const item of client.conversations.items.list(id, { order: "asc", limit: itemsPerPage })) {
        found.push(messageOf(item));
      }
      return { conversation, found };
    }),
  );
}

/** Compares messages one by one, and remembers their ids: an id that was seen must stay. */
export function expectMessages(
  ledger: Ledger,
  what: string,
  found: readonly FoundMessage[],
  expected: readonly ExpectedMessage[],
): boolean {
  const known = expected.map(({ id, role, text }, position) => ({
    id: id ?? found[position]?.id,
    role,
    text,
    status: "completed",
  }));
  const equal = ledger.expectEqual(what, found, known);
  if (!equal) return false;
  for (const [position, message] of expected.entries()) {
    const id = found[position]?.id;
    if (id !== undefined) message.id = id;
  }
  return true;
}

function messageOf(item: object): FoundMessage {
  const { id, role, status, content } = item as {
    readonly id: string;
    readonly role: string;
    readonly status: string;
    readonly content: readonly { readonly text?: string }[];
  };
  return { id, role, status, text: content.map((part) => part.text ?? "").join("") };
}
