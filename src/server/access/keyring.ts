import { createHash, timingSafeEqual } from "node:crypto";
import { HoldfastError, type Problem } from "../../errors.js";
import { roles, type Role } from "../routing/describe-route.js";
import type { Caller } from "./role-of.js";

/** A key that opens the service, known by its hash alone. */
export interface AccessKey {
  /** Whose it is, for logs and limits: 1 to 64 of letters, digits, `.`, `_` and `-`. Not secret. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the key, as 64 hex digits. */
  readonly sha256: string;
}

/**
 * The keys of a service. Only hashes are kept, so nothing that shows memory or settings shows a key.
 */
export class Keyring {
  readonly #entries: readonly { readonly caller: Caller; readonly digest: Buffer }[];

  /** @throws HoldfastError `INVALID_CONFIG` with every problem listed, and no key in it. */
  constructor(keys: readonly AccessKey[]) {
    const problems = [...problemsOf(keys)];
    if (problems.length > 0) {
      throw HoldfastError.ofProblems("INVALID_CONFIG", "The keys of the service are not valid.", problems);
    }
    this.#entries = keys.map(({ name, role, sha256 }) => ({
      caller: { name, role },
      digest: Buffer.from(sha256, "hex"),
    }));
  }

  /**
   * Finds whose key it is. How long it takes tells nothing of the keys there are: digests are compared, of equal length
   * and in constant time, and always all of them.
   */
  find(key: string): Caller | undefined {
    const digest = createHash("sha256").update(key).digest();
    let found: Caller | undefined;
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.caller;
    }
    return found;
  }
}

function* problemsOf(keys: readonly AccessKey[]): Generator<Problem> {
  if (keys.length === 0) yield { path: "/keys", message: "must not be empty: leave it out to serve without keys" };
  const names = new Set<string>();
  const digests = new Set<string>();
  for (const [index, { name, role, sha256 }] of keys.entries()) {
    const path = `/keys/${index}`;
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
      yield { path: `${path}/name`, message: "must be 1 to 64 of letters, digits, ., _ and -" };
    }
    if (names.has(name)) yield { path: `${path}/name`, message: "is the name of another key too" };
    if (!roles.includes(role)) yield { path: `${path}/role`, message: `must be one of ${roles.join(", ")}` };
    if (!/^[0-9a-f]{64}$/i.test(sha256)) {
      yield { path: `${path}/sha256`, message: "must be a SHA-256 as 64 hex digits" };
    }
    // One key with two roles would have one of them by chance.
    if (digests.has(sha256.toLowerCase())) yield { path: `${path}/sha256`, message: "belongs to another key too" };
    names.add(name);
    digests.add(sha256.toLowerCase());
  }
}
