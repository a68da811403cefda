import { join } from "node:path";
import { defineCollection, openStateDirectory } from "holdfast";
// Resolved from the root of the repository, so that it is the very zod that Holdfast itself checks with.
import { z } from "zod";
import type { Engine, OpenEngine } from "../engine.js";
import type { ResponseBody } from "../workload.js";

const responses = defineCollection<ResponseBody>({
  name: "bench_responses",
  schema: z.custom<ResponseBody>((value) => typeof value === "object" && value !== null),
  indexes: { conversation: { path: "conversation.id" }, model: { path: "model" } },
});

interface JournalLimits {
  readonly checkpointBytes?: number;
  readonly journalLimitBytes?: number;
}

async function open(directory: string, limits: JournalLimits): Promise<OpenEngine> {
  const state = await openStateDirectory({ directory: join(directory, "state"), collections: [responses], ...limits });
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
}

export const holdfast: Engine = {
  name: "holdfast",
  setting: "defaults, checkpoints on",
  peer: false,
  blocking: false,
  open: (directory) => open(directory, {}),
};

const mebibyte = 1024 * 1024;

/**
 * With the defaults, a burst of some seconds fits into the journal, and checkpoints follow later. Here the journal is so
 * short that they can't: what is measured is how fast documents get into their files, which is what hours of full load
 * would come down to.
 */
export const holdfastBounded: Engine = {
  name: "holdfast, short journal",
  setting: "checkpoints every 1 MiB, writers slowed down at 4 MiB of journal: bound by checkpoints",
  peer: false,
  blocking: false,
  open: (directory) => open(directory, { checkpointBytes: mebibyte, journalLimitBytes: 4 * mebibyte }),
};
