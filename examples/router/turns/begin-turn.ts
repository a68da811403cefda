import { HoldfastError, itemsOfChain, type Conversations } from "holdfast";
import { conversationIdOf, type CreateRequest } from "./create-request.js";
import type { ConversationLocks } from "./conversation-locks.js";
import { storesToSearch, type Retriever } from "../retrieval/retriever.js";
import type { Passage } from "../retrieval/passage.js";
import { chatRequestOf, type HistoryItem } from "./prompt.js";
import { Turn, type TurnServices } from "./turn.js";

export interface BeginServices extends TurnServices {
  readonly conversations: Conversations;
  readonly locks: ConversationLocks;
  readonly retriever: Retriever;
}

interface History {
  readonly items: readonly HistoryItem[];
  readonly conversationRevision?: number;
}

/** Items of a conversation read at once; the most that a page may have. */
const itemsPerPage = 100;

/**
 * Reads the history a request continues, and takes its conversation, if it names one. Whoever gets the turn must end it.
 *
 * @throws HoldfastError `NOT_FOUND` if the conversation is not there, or the chain of previous responses not in full: a
 * turn is never answered from half a history; `INVALID_DOCUMENT` if the input refers to items that are not there;
 * `REVISION_CONFLICT` if another turn has the conversation.
 */
export async function beginTurn(services: BeginServices, requestId: string, request: CreateRequest): Promise<Turn> {
  const conversation = conversationIdOf(request);
  const release = conversation === undefined ? (): void => undefined : services.locks.lock(conversation);
  try {
    const { items, conversationRevision } = await historyOf(services, request, conversation);
    const added = await services.responses.resolveItems(request.input, {
      ...(conversation === undefined ? {} : { conversation }),
      ...(request.previous_response_id ? { previousResponseId: request.previous_response_id } : {}),
    });
    const passages = await passagesFor(services.retriever, request, added);
    const found = passages === undefined || passages.length === 0 ? [] : [messageOf(passages)];
    const prompt = chatRequestOf(request, [...items, ...found, ...added]);
    const turnIndex = items.filter(({ role }) => role === "assistant").length;
    return new Turn(services, { requestId, request, prompt, turnIndex, passages, conversationRevision, release });
  } catch (error) {
    release();
    throw error;
  }
}

/** What the vector stores that the request names say about its question; `undefined` if it names none. */
async function passagesFor(
  retriever: Retriever,
  { tools }: CreateRequest,
  added: readonly HistoryItem[],
): Promise<readonly Passage[] | undefined> {
  const stores = storesToSearch(tools ?? []);
  if (stores.length === 0) return undefined;
  return retriever.retrieve(stores, questionOf(added));
}

/** What the user said last, its parts one below the other: only text can be searched for. */
function questionOf(added: readonly HistoryItem[]): string {
  const content = added.findLast(({ role }) => role === "user")?.["content"];
  if (!Array.isArray(content)) return typeof content === "string" ? content : "";
  const texts = (content as Readonly<Record<string, unknown>>[]).map(({ text }) => text);
  return texts.filter((text) => typeof text === "string").join("\n");
}

function messageOf(passages: readonly Passage[]): HistoryItem {
  const quoted = passages.map(({ filename, text }) => `${filename}:\n${text}`).join("\n\n");
  return { type: "message", role: "developer", content: `Passages that may help:\n\n${quoted}` };
}

async function historyOf(
  { responses, conversations }: BeginServices,
  request: CreateRequest,
  conversation: string | undefined,
): Promise<History> {
  if (conversation !== undefined) {
    // The revision is read before the items: if a change comes between, the turn is refused, not answered from a mixture.
    const stored = await conversations.get(conversation);
    if (stored === undefined) {
      throw new HoldfastError("NOT_FOUND", `Conversation with id ${JSON.stringify(conversation)} not found.`, {
        details: { kind: "conversation", id: conversation },
      });
    }
    return { items: await itemsOf(conversations, conversation), conversationRevision: stored.revision };
  }
  if (!request.previous_response_id) return { items: [] };
  const chain = await responses.chain(request.previous_response_id, { strict: true });
  return { items: itemsOfChain(chain.responses) };
}

async function itemsOf(conversations: Conversations, id: string): Promise<readonly HistoryItem[]> {
  const items: HistoryItem[] = [];
  for (let after: string | undefined; ;) {
    const page = await conversations.items(id, {
      order: "asc",
      limit: itemsPerPage,
      include: ["reasoning.encrypted_content"],
      ...(after === undefined ? {} : { after }),
    });
    items.push(...page.items);
    after = page.items.at(-1)?.id;
    if (!page.hasMore) return items;
  }
}
