import { idempotencyKeysCollection, idempotencyRetentionMs } from "../../surfaces/idempotency/index.js";
import { collectionContract } from "../collection-contract.js";
import { duration } from "../quantities.js";
import { durableDocuments } from "../phrases.js";
import type { SurfaceContract } from "../surface-contract.js";

export const idempotencyKeysContract: SurfaceContract = {
  surface: "idempotency_keys",
  class: "shared_durable_workflow_state",
  class_here: "restart_safe_local_state",
  owner: "src/surfaces/idempotency, in the transaction that creates",
  backend: ["journal"],
  durability: "journaled",
  collections: [
    collectionContract(idempotencyKeysCollection, "which ids a create call made, and the SHA-256 of what it asked for"),
  ],
  acknowledgment: `${durableDocuments} The key stands in the same transaction as what it made: both, or neither.`,
  retention: {
    limits: { timeToLiveMs: idempotencyRetentionMs },
    rule: `${duration(idempotencyRetentionMs)} after the call that created.`,
  },
  restart: "Nothing is lost: a call that is repeated after a restart finds what the first one made.",
  reported: ["a key that is used for another request: the second call is refused"],
  access: null,
};
