import type { FastifyRequest } from "fastify";
import { roles, type Role } from "../routing/describe-route.js";

/** Who sent a request. */
export interface Caller {
  /** The name of its key, or of what stands in for one; it is in the log, and limits are counted by it. */
  readonly name: string;
  readonly role: Role;
}

/** By request, and gone with it: nothing that handles a request can change who sent it. */
const callers = new WeakMap<FastifyRequest, Caller>();

/** Notes who sent a request, once it is known. */
export function setCaller(request: FastifyRequest, caller: Caller): void {
  callers.set(request, caller);
}

/** @returns `undefined` for a request whose sender is not known: one to a public route without a key. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return callers.get(request);
}

/**
 * What the sender of a request may do. What may leave the service is decided by it: a `viewer` gets no text of people.
 *
 * @returns the least role for a request whose sender is not known.
 */
export function roleOf(request: FastifyRequest): Role {
  return callers.get(request)?.role ?? "viewer";
}

/** Whether a role may do all that another one may. */
export function includesRole(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}
