import { join } from "node:path";
import { createClient, type Client } from "@redis/client";
import { findProgram } from "./find-program.js";
import { ServerProcess } from "./server-process.js";

export const redisProgram = "redis-server";

/** Why there is no Redis to measure; `undefined` if there is. */
export function redisUnavailable(): string | undefined {
  return findProgram(redisProgram) === undefined ? "redis-server is not installed" : undefined;
}

export function redisSocket(directory: string): string {
  return join(directory, "redis.sock");
}

/** Starts a Redis of its own in `directory`, with an append-only file that is synced before each reply. */
export async function startRedis(
  directory: string,
): Promise<{ readonly server: ServerProcess; readonly client: Client }> {
  const program = findProgram(redisProgram);
  if (program === undefined) throw new Error(redisUnavailable());
  const server = new ServerProcess(program, [
    ...["--port", "0", "--unixsocket", redisSocket(directory), "--dir", directory],
    ...["--appendonly", "yes", "--appendfsync", "always", "--save", ""],
  ]);
  const client = await server.ready(() => connectToRedis(directory));
  return { server, client };
}

/** @throws Error if there is no server, or if it is still loading. */
export async function connectToRedis(directory: string): Promise<Client> {
  const client = createClient({ socket: { path: redisSocket(directory), reconnectStrategy: false } });
  // Every failure also rejects the command that met it; without a listener it would end the process as well.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.ping();
  } catch (error) {
    client.destroy();
    throw error;
  }
  return client;
}
