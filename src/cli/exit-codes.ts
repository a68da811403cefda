import { CommanderError } from "commander";
import { isHoldfastError, type ErrorCode } from "../errors.js";

/** Every exit code, once. `docs/cli.md` is checked against this table. */
export const exitCodes = {
  done: { code: 0, meaning: "Done. What was written is durable." },
  failed: { code: 1, meaning: "Failed; the message says why." },
  wrongUsage: {
    code: 2,
    meaning: "Wrong usage: the command line, the configuration or the input. Nothing was changed.",
  },
  notReady: { code: 3, meaning: "Not ready, or not ready in time." },
  damaged: { code: 4, meaning: "Damaged: stored data can not be trusted, or acknowledged data is missing." },
  locked: { code: 5, meaning: "Locked: another living process holds the directory. The message names it." },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

export type Exit = keyof typeof exitCodes;

/** How each error ends a command. A new error code does not compile until it is decided here. */
const exitOfError: Record<ErrorCode, Exit> = {
  NOT_FOUND: "failed",
  ALREADY_EXISTS: "failed",
  REVISION_CONFLICT: "failed",
  INVALID_ID: "wrongUsage",
  INVALID_DOCUMENT: "wrongUsage",
  INVALID_CURSOR: "wrongUsage",
  DOCUMENT_TOO_LARGE: "wrongUsage",
  WRITER_LOCKED: "locked",
  WRITER_FENCED: "failed",
  READ_ONLY: "failed",
  STORAGE_FULL: "failed",
  STORAGE_FAILED: "failed",
  CORRUPT: "damaged",
  COMPACTED: "failed",
  UNSUPPORTED_FORMAT: "failed",
  INVALID_CONFIG: "wrongUsage",
  BACKEND_FAILED: "failed",
  TIMEOUT: "notReady",
  STARTUP_FAILED: "failed",
  CLOSED: "failed",
};

export function exitOf(error: unknown): Exit {
  if (isHoldfastError(error)) return exitOfError[error.code];
  // Help and version that were asked for come as errors with the exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? "done" : "wrongUsage";
  return "failed";
}
