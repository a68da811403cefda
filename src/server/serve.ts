import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { HoldfastError } from "../errors.js";
import type { StateDirectory } from "../open-state-directory.js";
import { createServer, type ServerOptions } from "./create-server.js";
import { assertGuarded } from "./loopback.js";

export interface ServeOptions extends ServerOptions {
  /** The address to listen on. Without `keys` loopback only. Default `"127.0.0.1"`. */
  readonly host?: string;
  /** The port to listen on; 0 lets the system choose. Default 8650. */
  readonly port?: number;
}

/** The HTTP service, listening. */
export interface Service extends AsyncDisposable {
  readonly server: FastifyInstance;
  /** Where it is reached, such as `http://127.0.0.1:8650`. */
  readonly url: string;
  /** Stops listening, lets running requests end, and resolves. The state directory stays open. May be called again. */
  close(): Promise<void>;
}

export const defaultPort = 8650;

/**
 * Serves an open state directory over HTTP.
 *
 * @returns once it listens. Report phase `ready` after that, not before.
 * @throws HoldfastError `INVALID_CONFIG` for a host that is not loopback without keys, for keys that are
 * not valid, and for an address that can not be listened on.
 */
export async function serve(state: StateDirectory, options: ServeOptions = {}): Promise<Service> {
  const { host = "127.0.0.1", port = defaultPort } = options;
  assertGuarded(host, options.keys !== undefined);
  const server = createServer(state, options);
  try {
    await server.listen({ host, port, listenTextResolver: (address) => `listening on ${address}` });
  } catch (error) {
    await server.close();
    const reason =
      error instanceof Error && "code" in error && error.code === "EADDRINUSE" ? "it is in use" : String(error);
    throw new HoldfastError("INVALID_CONFIG", `The service can not listen on ${host}, port ${port}: ${reason}.`, {
      cause: error,
      details: { host, port },
    });
  }
  // A TCP server that listens has an address of this kind; only pipes have a name instead.
  const { address, family, port: listening } = server.server.address() as AddressInfo;
  const url = `http://${family === "IPv6" ? `[${address}]` : address}:${listening}`;
  return {
    server,
    url,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}
