/** Create calls that may be repeated. @module */
export { idempotencyKeysCollection, idempotencyRetentionMs, once, type Idempotency } from "./once.js";
