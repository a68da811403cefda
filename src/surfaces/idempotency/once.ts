import { createHash } from "node:crypto";
import { z } from "zod";
import { defineCollection, type Transaction } from "../../collections/index.js";
import { HoldfastError } from "../../errors.js";

/** A create call that its sender may repeat. */
export interface Idempotency {
  /** Names the call: what the sender chose, together with the route and the owner it was sent for. */
  readonly scope: readonly string[];
  /** What was asked for. The same key with another request is a mistake of the sender, and refused. */
  readonly request: unknown;
}

const idempotencyKeySchema = z.looseObject({
  /** SHA-256 of the request, so that no content is kept twice. */
  request: z.string(),
  /** The ids that the call created. */
  created: z.array(z.string()),
});
type IdempotencyKey = z.infer<typeof idempotencyKeySchema>;

export const idempotencyRetentionMs = 24 * 60 * 60 * 1000;

export const idempotencyKeysCollection = defineCollection<IdempotencyKey>({
  name: "idempotency_keys",
  schema: idempotencyKeySchema,
  retention: { timeToLiveMs: idempotencyRetentionMs },
});

/**
 * Creates something once, however often the call is repeated within 24 hours. The key is written in the transaction that
 * creates: a crash leaves both or neither, so the repeat finds the first result or does the work.
 *
 * @returns the ids that the first call created.
 * @throws HoldfastError `INVALID_DOCUMENT` (with `details.idempotencyKey` `"reused"`) if the key was used for another
 * request, and what `create` throws.
 */
export async function once(
  transaction: Transaction,
  idempotency: Idempotency | undefined,
  create: () => Promise<string[]>,
): Promise<string[]> {
  if (idempotency === undefined) return create();
  const keys = transaction.collection(idempotencyKeysCollection);
  const id = `key_${digest(idempotency.scope)}`;
  const request = digest(idempotency.request);
  const known = await keys.get(id);
  if (known !== undefined) {
    if (known.body.request === request) return known.body.created;
    throw HoldfastError.ofProblems(
      "INVALID_DOCUMENT",
      "The idempotency key was used before, for another request.",
      [{ path: "/idempotency_key", message: "choose a new key for a new request" }],
      { details: { idempotencyKey: "reused" } },
    );
  }
  const created = await create();
  await keys.insert(id, { request, created });
  return created;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
