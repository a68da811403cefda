import { readConversation } from "../../drill/readings/read-history.js";
import { request } from "../../drill/service.js";
import { call } from "./call.js";
import type { Kind } from "./kind.js";
import { textOf } from "./words.js";

interface ConversationState {
  readonly key: string;
  readonly version: string;
  readonly texts: readonly string[];
}

/** A conversation takes so many items; then only its metadata change. */
const mostItems = 8;
const perPage = 50;

/** Conversations with items, by the official client. */
export const conversations: Kind<ConversationState> = {
  name: "conversation",
  most: 25,
  first: (key, random) => ({ key, version: "0", texts: [textOf(key, random)] }),
  next: ({ key, version, texts }, random) =>
    texts.length < mostItems
      ? { key, version, texts: [...texts, textOf(key, random)] }
      : { key, version: String(Number(version) + 1), texts },
  async create(client, key, { version, texts }) {
    const items = texts.map(messageOf);
    const { id } = await request(() => client.conversations.create({ metadata: { key, version }, items }));
    return id;
  },
  async change(client, id, from, { key, version, texts }) {
    const added = texts.slice(from.texts.length).map(messageOf);
    if (added.length > 0) await request(() => client.conversations.items.create(id, { items: added }));
    else await request(() => client.conversations.update(id, { metadata: { key, version } }));
  },
  async remove(client, id) {
    await request(() => client.conversations.delete(id));
  },
  async read(client, id) {
    const read = await readConversation(client, id);
    if (read === undefined) return undefined;
    const { key = "", version = "" } = read.conversation.metadata as Record<string, string>;
    return { key, version, texts: read.found.map(({ text }) => text) };
  },
  async find(client, key) {
    for (let after = ""; ;) {
      const page = await call<ConversationPage>(client, "get", `/state/conversations?limit=${perPage}${after}`);
      const found = page.data.find(({ conversation }) => conversation?.metadata?.["key"] === key);
      if (found !== undefined || !page.has_more) return found?.id;
      after = `&after=${page.data.at(-1)?.id ?? ""}`;
    }
  },
};

interface ConversationPage {
  readonly data: readonly {
    readonly id: string;
    readonly conversation?: { readonly metadata?: Readonly<Record<string, string>> };
  }[];
  readonly has_more: boolean;
}

function messageOf(content: string): { type: "message"; role: "user"; content: string } {
  return { type: "message", role: "user", content };
}
