import { join } from "node:path";
import { JSONFilePreset } from "lowdb/node";
import type { ResponseBody } from "../documents.js";
import type { Engine } from "../engine.js";

interface Content {
  documents: Record<string, ResponseBody>;
}

/** Everything in memory and in one JSON file, which each write replaces; writes that wait for another share one. */
export const lowdb: Engine = {
  name: "lowdb",
  setting: "JSONFilePreset: the whole file replaced at each write, never synced, so not durable; no index",
  kind: "embedded",
  blocking: false,
  durable: false,
  indexed: false,
  largestStore: 1_000,
  async open(directory) {
    const database = await JSONFilePreset<Content>(join(directory, "documents.json"), { documents: {} });
    const write = (id: string, body: ResponseBody): Promise<void> => {
      database.data.documents[id] = body;
      return database.write();
    };
    return {
      insert: write,
      replace: write,
      load: async (documents) => {
        for (const { id, body } of documents) database.data.documents[id] = body;
        await database.write();
      },
      get: (id) => Promise.resolve(database.data.documents[id]),
      count: () => Promise.resolve(Object.keys(database.data.documents).length),
      figures: () => ({}),
      close: () => database.write(),
    };
  },
};
