import type { ResponseBody } from "../documents.js";
import type { Engine } from "../engine.js";
import { groupsOf } from "./groups-of.js";
import { redisUnavailable, startRedis } from "./redis-server.js";

const loadedAtOnce = 1_000;

/** The layout of vLLM Semantic Router: a SET of the JSON at a key, and no index. */
export const redis: Engine = {
  name: "Redis",
  setting:
    "appendonly, appendfsync always, Unix socket, commands of one turn in one write; SET of JSON at a key, no index",
  kind: "server",
  blocking: false,
  durable: true,
  indexed: false,
  largestStore: 100_000,
  unavailable: redisUnavailable,
  async open(directory) {
    const { server, client } = await startRedis(directory);
    const keyOf = (id: string): string => `responses:${id}`;
    const set = async (id: string, body: ResponseBody): Promise<void> => {
      await client.set(keyOf(id), JSON.stringify(body));
    };
    return {
      serverProcess: server.pid,
      insert: set,
      replace: set,
      load: async (documents) => {
        await client.configSet("appendfsync", "no");
        for (const group of groupsOf(documents, loadedAtOnce)) {
          await Promise.all(group.map(({ id, body }) => set(id, body)));
        }
        await client.configSet("appendfsync", "always");
      },
      get: async (id) => {
        const text = await client.get(keyOf(id));
        return text === null ? undefined : (JSON.parse(text) as ResponseBody);
      },
      merge: async () => {
        await client.sendCommand(["BGREWRITEAOF"]);
        const rewriting = async (): Promise<boolean> => {
          const persistence = await client.info("persistence");
          return /aof_rewrite_(in_progress|scheduled):1/.test(persistence);
        };
        while (await rewriting()) await new Promise((resolve) => setTimeout(resolve, 50));
      },
      count: () => client.dbSize(),
      figures: () => ({}),
      close: async () => {
        await client.close();
        await server.stop("SIGTERM");
      },
    };
  },
};
