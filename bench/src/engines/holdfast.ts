import { join } from "node:path";
import { defineCollection, openStateDirectory } from "holdfast";
// Resolved from the root of the repository, so that it is the very zod that Holdfast itself checks with.
import { z } from "zod";
import type { NamedDocument, ResponseBody } from "../documents.js";
import type { Engine, OpenEngine } from "../engine.js";

const responses = defineCollection<ResponseBody>({
  name: "bench_responses",
  schema: z.custom<ResponseBody>((value) => typeof value === "object" && value !== null),
  indexes: { conversation: { path: "conversation.id" }, model: { path: "model" } },
});

interface JournalLimits {
  readonly checkpointBytes?: number;
  readonly journalLimitBytes?: number;
}

/** Of a load: enough that every group commit is a large one. */
const loadWriters = 256;

async function open(directory: string, limits: JournalLimits): Promise<OpenEngine> {
  const state = await openStateDirectory({ directory: join(directory, "state"), collections: [responses], ...limits });
  const collection = state.collection(responses);
  const bodies = async (...options: Parameters<typeof collection.list>): Promise<ResponseBody[]> => {
    const { documents } = await collection.list(...options);
    return documents.map(({ body }) => body);
  };
  // Not there in every version that the benchmark is run with.
  const compact: unknown = Reflect.get(state, "compact");
  return {
    insert: async (id, body) => {
      await collection.insert(id, body);
    },
    replace: async (id, body) => {
      await collection.put(id, body);
    },
    load: async (documents) => {
      const waiting: Iterator<NamedDocument> = documents[Symbol.iterator]();
      const write = async (): Promise<void> => {
        for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
          await collection.insert(next.value.id, next.value.body);
        }
      };
      await Promise.all(Array.from({ length: loadWriters }, write));
    },
    get: async (id) => (await collection.get(id))?.body,
    lists: {
      newest: (limit) => bodies({ order: "desc", limit }),
      ofConversation: (conversation, limit) => bodies({ where: { conversation }, order: "desc", limit }),
    },
    merge: async () => {
      if (typeof compact === "function") await Reflect.apply(compact, state, []);
      else await state.checkpoint();
    },
    count: () => collection.count(),
    figures: () => ({
      batches: state.metrics.batches,
      checkpoints: state.metrics.checkpoints,
      backlog: state.metrics.lastSequence - state.metrics.checkpointSequence,
      journalSegments: state.metrics.journalSegments,
    }),
    close: () => state.close(),
  };
}

export const holdfast: Engine = {
  name: "holdfast",
  setting: "defaults, checkpoints on",
  kind: "holdfast",
  blocking: false,
  durable: true,
  indexed: true,
  open: (directory) => open(directory, {}),
};

const mebibyte = 1024 * 1024;

/**
 * With the defaults, a burst of some seconds fits into the journal, and checkpoints follow later. Here the journal is so
 * short that they can't: what is measured is how fast documents get out of it, which is what hours of full load would
 * come down to.
 */
export const holdfastBounded: Engine = {
  ...holdfast,
  name: "holdfast, short journal",
  setting: "checkpoints every 1 MiB, writers slowed down at 4 MiB of journal: bound by checkpoints",
  open: (directory) => open(directory, { checkpointBytes: mebibyte, journalLimitBytes: 4 * mebibyte }),
};
