import { connectToRedis, redisUnavailable, startRedis } from "../engines/redis-server.js";
import type { StatusChannel } from "./channels.js";

const channel = "startup-status";

/** As Holdfast's status, so that both carry the same bytes. */
function statusOf(number: number): string {
  return JSON.stringify({ phase: "downloading_models", ready: false, message: String(number) });
}

function redisStatus(keep: boolean): Pick<StatusChannel, "unavailable" | "openWriter" | "openWatcher"> {
  return {
    unavailable: redisUnavailable,
    async openWriter(directory) {
      const { server, client } = await startRedis(directory);
      return {
        report: async (number) => {
          const status = statusOf(number);
          if (keep) await client.set(channel, status);
          await client.publish(channel, status);
        },
        close: async () => {
          await client.close();
          await server.stop("SIGTERM");
        },
      };
    },
    async openWatcher(directory, onUpdate) {
      const client = await connectToRedis(directory);
      await client.subscribe(channel, (text) => {
        onUpdate(Number((JSON.parse(text) as { readonly message: string }).message));
      });
    },
  };
}

export const redisChannel: StatusChannel = {
  name: "Redis pub/sub",
  setting: "PUBLISH alone: nothing is kept, and who is not connected misses it",
  ...redisStatus(false),
};

export const redisDurableChannel: StatusChannel = {
  name: "Redis SET and pub/sub",
  setting: "SET with appendfsync always, then PUBLISH: kept, as holdfast keeps it",
  ...redisStatus(true),
};
