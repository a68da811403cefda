import type { ErrorCode } from "../../errors.js";

export interface WireMapping {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  /** False where repeating the same request can not help: clients retry 409 and 5xx blindly unless told not to. */
  readonly shouldRetry?: false;
}

/** How each error of the library looks on the wire. The only place that knows. */
export const errorTable: Readonly<Record<ErrorCode, WireMapping>> = {
  NOT_FOUND: { status: 404, type: "invalid_request_error", code: "not_found" },
  ALREADY_EXISTS: { status: 409, type: "conflict_error", code: "already_exists", shouldRetry: false },
  REVISION_CONFLICT: { status: 409, type: "conflict_error", code: "revision_conflict", shouldRetry: false },
  INVALID_ID: { status: 400, type: "invalid_request_error", code: "invalid_id" },
  INVALID_DOCUMENT: { status: 400, type: "invalid_request_error", code: "invalid_document" },
  INVALID_CURSOR: { status: 400, type: "invalid_request_error", code: "invalid_cursor" },
  DOCUMENT_TOO_LARGE: { status: 413, type: "invalid_request_error", code: "document_too_large" },
  // Another process owns the directory, or will: a retry may well reach it.
  WRITER_LOCKED: { status: 503, type: "server_error", code: "writer_locked" },
  WRITER_FENCED: { status: 503, type: "server_error", code: "writer_fenced" },
  READ_ONLY: { status: 403, type: "permission_error", code: "read_only" },
  STORAGE_FULL: { status: 507, type: "server_error", code: "storage_full", shouldRetry: false },
  STORAGE_FAILED: { status: 503, type: "server_error", code: "storage_failed", shouldRetry: false },
  CORRUPT: { status: 500, type: "server_error", code: "corrupt", shouldRetry: false },
  COMPACTED: { status: 410, type: "invalid_request_error", code: "compacted" },
  UNSUPPORTED_FORMAT: { status: 500, type: "server_error", code: "unsupported_format", shouldRetry: false },
  INVALID_CONFIG: { status: 400, type: "invalid_request_error", code: "invalid_config" },
  BACKEND_FAILED: { status: 503, type: "server_error", code: "backend_failed" },
  STARTUP_FAILED: { status: 503, type: "server_error", code: "startup_failed" },
  TIMEOUT: { status: 503, type: "server_error", code: "timeout" },
  CLOSED: { status: 503, type: "server_error", code: "closed" },
};

/** Two turns at once on one conversation, as the hosted service is reported to answer. */
export const conversationLocked: WireMapping = {
  status: 400,
  type: "invalid_request_error",
  code: "conversation_locked",
  shouldRetry: false,
};

/** A chain that can not be continued. */
export const previousResponseNotFound: WireMapping = {
  status: 400,
  type: "invalid_request_error",
  code: "previous_response_not_found",
};

/** One `Idempotency-Key` for two different requests: well-formed, but not something that can be done. */
export const idempotencyKeyReused: WireMapping = {
  status: 422,
  type: "invalid_request_error",
  code: "idempotency_key_reused",
  shouldRetry: false,
};
