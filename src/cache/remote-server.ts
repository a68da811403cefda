import KeyvRedis from "@keyv/redis";
import { within } from "./within.js";

/** How often a connection on which nothing happens is asked whether it lives, in milliseconds. */
const pingIntervalMs = 5_000;
/** After so many milliseconds of silence it is given up, and another one sought. */
const silenceMs = 15_000;

/**
 * The adapter for a Redis or Valkey server.
 *
 * It never queues: while there is no connection every operation fails at once, and the connection is sought in the
 * background, more and more slowly, up to every two seconds.
 */
export function remoteServer(address: URL, name: string, connectTimeoutMs: number): KeyvRedis<string> {
  return new KeyvRedis<string>(
    {
      url: address.href,
      disableOfflineQueue: true,
      pingInterval: pingIntervalMs,
      socket: {
        connectTimeout: Math.max(connectTimeoutMs, 1_000),
        socketTimeout: silenceMs,
        // Up to 100 ms apart, so that the routers of a server that comes back do not all call in one moment.
        reconnectStrategy: (attempts: number) => Math.min(100 * 2 ** attempts, 2_000) + Math.random() * 100,
      },
    },
    { namespace: `holdfast:cache:${name}`, throwOnErrors: true, throwOnConnectError: true },
  );
}

/**
 * Begins to connect, and waits for it a little.
 *
 * @param failed hears of every attempt that fails, also later, and of a connection that is lost.
 * @returns when it is connected, or after `timeoutMs` milliseconds, whichever comes first.
 */
export async function connectInBackground(
  server: KeyvRedis<string>,
  timeoutMs: number,
  failed: (error: unknown) => void,
): Promise<void> {
  server.client.on("error", failed);
  const connected = server.client.connect().then(() => undefined, failed);
  try {
    await within(timeoutMs, connected);
  } catch (error) {
    failed(error);
  }
}
