import { performance } from "node:perf_hooks";
import { Documents, seededRandom, type DocumentsPlan } from "../documents.js";
import { engines } from "../engines/index.js";
import type { Figures } from "../figures.js";
import { withLoopDelay } from "../loop-delay.js";
import type { StorePlan } from "./stored-count.js";

export interface ReadPlan extends StorePlan, DocumentsPlan {
  readonly documents: number;
  /** How many readers there are at a time, one after the other. */
  readonly readers: readonly number[];
  /** Of each measured window; a third of it is added before, to warm up. */
  readonly seconds: number;
}

const listLimit = 20;
/**
 * A store that answers without ever waiting would keep the event loop to itself, so readers let go of it: after each
 * list, and after so many point reads, which are so short that the turn would be most of what is measured.
 */
const pointReadsPerTurn = 16;

interface Kind {
  readonly name: string;
  readonly readsPerTurn: number;
  /** Makes one read, and throws if the answer is wrong. */
  readonly read: () => Promise<void>;
}

/** Point reads, newest-20 lists and by-conversation lists, at random, on a store that is warm. */
export async function read(plan: ReadPlan): Promise<Figures> {
  const engine = await engines[plan.engine]();
  const documents = new Documents(plan);
  const random = seededRandom(plan.seed + 1);
  const any = (): number => Math.floor(random() * plan.documents);
  const store = await engine.open(plan.directory, "conversation and creation");
  const { lists } = store;
  const kinds: Kind[] = [
    {
      name: "point",
      readsPerTurn: pointReadsPerTurn,
      read: async () => {
        const index = any();
        const body = await store.get(documents.idAt(index));
        if (body?.conversation.id !== documents.conversationAt(index)) {
          throw new Error(`${engine.name} has another document than the one stored at ${documents.idAt(index)}.`);
        }
      },
    },
  ];
  if (lists !== undefined) {
    kinds.push(
      {
        name: "newest",
        readsPerTurn: 1,
        read: async () => {
          const bodies = await lists.newest(listLimit);
          if (bodies.length !== listLimit) throw new Error(`${engine.name} lists ${bodies.length} as the newest.`);
        },
      },
      {
        name: "conversation",
        readsPerTurn: 1,
        read: async () => {
          const conversation = documents.conversationAt(any());
          const bodies = await lists.ofConversation(conversation, listLimit);
          if (bodies.length === 0 || bodies.some((body) => body.conversation.id !== conversation)) {
            throw new Error(`${engine.name} lists another conversation than ${conversation}, or nothing.`);
          }
        },
      },
    );
  }
  const measured: Record<string, number> = {};
  const { loopDelay } = await withLoopDelay(async () => {
    for (const kind of kinds) {
      for (const readers of plan.readers) {
        await readFor(kind, readers, plan.seconds / 3);
        measured[`${kind.name}By${readers}`] = await readFor(kind, readers, plan.seconds);
      }
    }
  });
  await store.close();
  return { ...measured, ...loopDelay, peakMemory: process.resourceUsage().maxRSS * 1024 };
}

/** @returns reads per second */
async function readFor({ read: readOnce, readsPerTurn }: Kind, readers: number, seconds: number): Promise<number> {
  let reads = 0;
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const run = async (): Promise<void> => {
    for (let own = 1; performance.now() < end; own += 1) {
      await readOnce();
      reads += 1;
      if (own % readsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: readers }, run));
  return reads / ((performance.now() - begin) / 1000);
}
