import { join } from "node:path";
import { open } from "lmdb";
import type { Engine } from "../engine.js";

/**
 * LMDB with its defaults, which sync: what is written in one turn of the event loop goes into one transaction, so a
 * document and its index entries are one. `flushed` is what it promises to survive a power loss; being committed is not.
 */
export const lmdb: Engine = {
  name: "lmdb",
  setting: "defaults (overlapping sync), awaiting `flushed`, indexes as dupSort databases",
  peer: true,
  blocking: false,
  open(directory) {
    const root = open({ path: join(directory, "lmdb"), separateFlushed: true });
    const responses = root.openDB({ name: "responses" });
    const byConversation = root.openDB({ name: "by-conversation", dupSort: true, encoding: "ordered-binary" });
    const byModel = root.openDB({ name: "by-model", dupSort: true, encoding: "ordered-binary" });
    return Promise.resolve({
      insert: async (id, body) => {
        const writes = [
          responses.put(id, body),
          byConversation.put(body.conversation.id, id),
          byModel.put(body.model, id),
        ];
        await Promise.all(writes);
        await Promise.all(writes.map(({ flushed }) => flushed));
      },
      count: () => Promise.resolve(responses.getCount()),
      figures: () => ({}),
      close: () => root.close(),
    });
  },
};
