import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { WireError } from "../errors/wire-error.js";
import type { Role } from "../routing/describe-route.js";
import { Keyring, type AccessKey } from "./keyring.js";
import { callerOf, includesRole, setCaller, type Caller } from "./role-of.js";

/** Without keys only this machine reaches the service, and whoever is on it could read the directory as well. */
const localCaller: Caller = { name: "local", role: "admin" };

/**
 * Finds out who sends a request. It refuses nothing yet: a request with a wrong key is counted before it is refused, so
 * that guessing is limited too.
 */
export function identifyCallers(server: FastifyInstance, keys: readonly AccessKey[] | undefined): void {
  const keyring = keys === undefined ? undefined : new Keyring(keys);
  server.addHook("onRequest", (request, _reply, done) => {
    const key = bearerOf(request);
    const caller = keyring === undefined ? localCaller : key === undefined ? undefined : keyring.find(key);
    if (caller !== undefined) setCaller(request, caller);
    done();
  });
}

/**
 * Refuses what the sender of a request may not do, by the role its route asks for. What is no route (404, 405) needs a
 * key too: whoever has none does not learn which routes there are.
 */
export function requireRoles(server: FastifyInstance): void {
  server.addHook("onRequest", (request, reply, done) => {
    const least = request.routeOptions.config.description?.role ?? "viewer";
    if (least === "public") done();
    else done(refusalOf(request, reply, least));
  });
}

function refusalOf(request: FastifyRequest, reply: FastifyReply, least: Role): WireError | undefined {
  const caller = callerOf(request);
  if (caller === undefined) {
    void reply.header("www-authenticate", 'Bearer realm="holdfast"');
    const message =
      bearerOf(request) === undefined
        ? "The request has no key. Send it as Authorization: Bearer <key>."
        : "The key is not one of this service.";
    return new WireError(401, message, { code: "invalid_api_key" });
  }
  if (includesRole(caller.role, least)) return undefined;
  return new WireError(403, `This needs the role ${least}; the key ${caller.name} has the role ${caller.role}.`, {
    type: "permission_error",
    code: "insufficient_role",
  });
}

/** The key as official clients send it. A header of another form is no key. */
function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? "")?.[1];
}
