import { BlockList, isIP } from "node:net";
import type { FastifyInstance } from "fastify";
import { HoldfastError } from "../errors.js";
import { WireError } from "./errors/wire-error.js";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether a host name or address, as it stands in a URL or setting, means this machine and nothing else. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const family = isIP(bare);
  if (family === 0) return bare === "localhost";
  return loopback.check(bare, family === 6 ? "ipv6" : "ipv4");
}

/**
 * Refuses an address that others can reach for a service that asks for no keys.
 *
 * @throws HoldfastError `INVALID_CONFIG`
 */
export function assertGuarded(host: string, hasKeys: boolean): void {
  if (hasKeys || isLoopback(host)) return;
  throw new HoldfastError(
    "INVALID_CONFIG",
    `Without keys the service listens on loopback only; ${JSON.stringify(host)} can be reached from elsewhere. ` +
      "Give it keys (server.keysFile, HOLDFAST_KEYS), or use 127.0.0.1, ::1 or localhost.",
    { details: { host } },
  );
}

/**
 * Refuses requests that were addressed to any other name. A web page can make its own host name resolve to 127.0.0.1;
 * the browser then lets its script read what it finds there, but the name stays in the `Host` header.
 */
export function refuseForeignHosts(server: FastifyInstance): void {
  server.addHook("onRequest", (request, _reply, done) => {
    if (request.hostname === "" || isLoopback(request.hostname)) done();
    else {
      done(
        new WireError(403, "The request is addressed to a host name that does not mean this machine.", {
          type: "permission_error",
          code: "foreign_host",
        }),
      );
    }
  });
}
