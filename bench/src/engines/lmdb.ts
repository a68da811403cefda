import { join } from "node:path";
import { open, type Encoding, type Write } from "lmdb";
import type { ResponseBody } from "../documents.js";
import type { Engine, Indexes, OpenEngine } from "../engine.js";
import { groupsOf } from "./groups-of.js";

const loadedPerTransaction = 10_000;

/**
 * LMDB with its defaults, which sync: what is written in one turn of the event loop goes into one transaction, so a
 * document and its index entries are one. `flushed` is what it promises to survive a power loss; being committed is not.
 */
function openLmdb(directory: string, indexes: Indexes, encoding: Encoding): OpenEngine {
  const root = open({ path: join(directory, "lmdb"), separateFlushed: true });
  const responses = root.openDB<ResponseBody>({ name: "responses", encoding });
  const byConversation = root.openDB<string | [number, string]>({
    name: "by-conversation",
    dupSort: true,
    encoding: "ordered-binary",
  });
  const byModel = root.openDB<string>({ name: "by-model", dupSort: true, encoding: "ordered-binary" });
  const byCreation = root.openDB<string>({ name: "by-creation", encoding: "ordered-binary" });
  const lists = indexes === "conversation and creation";
  let created = Number([...byCreation.getKeys({ reverse: true, limit: 1 })][0] ?? 0);
  const flushed = async (writes: readonly Write[]): Promise<void> => {
    await Promise.all(writes);
    await Promise.all(writes.map((write) => write.flushed));
  };
  const bodyOf = (id: string): ResponseBody => {
    const body = responses.get(id);
    if (body === undefined) throw new Error(`lmdb lists ${id}, and does not have it.`);
    return body;
  };
  return {
    insert: (id, body) => {
      created += 1;
      return flushed([
        responses.put(id, body),
        byConversation.put(body.conversation.id, lists ? [created, id] : id),
        lists ? byCreation.put(created, id) : byModel.put(body.model, id),
      ]);
    },
    replace: (id, body) => flushed([responses.put(id, body)]),
    load: async (documents) => {
      for (const group of groupsOf(documents, loadedPerTransaction)) {
        root.transactionSync(() => {
          for (const { id, body } of group) {
            created += 1;
            responses.putSync(id, body);
            byConversation.putSync(body.conversation.id, lists ? [created, id] : id);
            if (lists) byCreation.putSync(created, id);
            else byModel.putSync(body.model, id);
          }
        });
      }
      await root.flushed;
    },
    get: (id) => Promise.resolve(responses.get(id)),
    lists: {
      newest: (limit) =>
        Promise.resolve([...byCreation.getRange({ reverse: true, limit })].map(({ value }) => bodyOf(value))),
      ofConversation: (conversation, limit) =>
        Promise.resolve(
          [...byConversation.getValues(conversation, { reverse: true, limit })].map((value) =>
            bodyOf(typeof value === "string" ? value : value[1]),
          ),
        ),
    },
    count: () => Promise.resolve(responses.getCount()),
    figures: () => ({}),
    close: () => root.close(),
  };
}

export const lmdb: Engine = {
  name: "lmdb",
  setting: "defaults (overlapping sync, MessagePack), awaiting `flushed`, indexes as databases of their own",
  kind: "embedded",
  blocking: false,
  durable: true,
  indexed: true,
  open: (directory, indexes) => Promise.resolve(openLmdb(directory, indexes, "msgpack")),
};

export const lmdbJson: Engine = {
  ...lmdb,
  name: "lmdb, JSON",
  setting: "as lmdb, with documents as JSON",
  open: (directory, indexes) => Promise.resolve(openLmdb(directory, indexes, "json")),
};
