import { join } from "node:path";
import { defineCollection, openStateDirectory } from "holdfast";
// Resolved from the root of the repository, so that it is the very zod that Holdfast itself checks with.
import { z } from "zod";
import type { Engine } from "../engine.js";
import type { ResponseBody } from "../workload.js";

const responses = defineCollection<ResponseBody>({
  name: "bench_responses",
  schema: z.custom<ResponseBody>((value) => typeof value === "object" && value !== null),
  indexes: { conversation: { path: "conversation.id" }, model: { path: "model" } },
});

export const holdfast: Engine = {
  name: "holdfast",
  setting: "defaults, checkpoints on",
  blocking: false,
  async open(directory) {
    const state = await openStateDirectory({ directory: join(directory, "state"), collections: [responses] });
    const collection = state.collection(responses);
    return {
      insert: async (id, body) => {
        await collection.insert(id, body);
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
  },
};
