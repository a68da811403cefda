/**
 * Every error Holdfast throws on purpose is a {@link HoldfastError}: a stable upper-case `code` to switch on, a message
 * that says what happened, where, and what to do, and the `cause` it came from. Messages may change; codes do not.
 */

/** What each code means, in one sentence. `docs/errors.md` is checked against this table. */
export const errorCodes = {
  NOT_FOUND: "The document that was to be changed does not exist.",
  ALREADY_EXISTS: "An insert named an id that is taken.",
  REVISION_CONFLICT: "The document is no longer at the revision the caller expected.",
  INVALID_ID: "The id can not name a document.",
  INVALID_DOCUMENT: "The body, or the options given with it, are not acceptable; every problem is listed.",
  INVALID_CURSOR: "A listing was asked to continue from a document that is not there.",
  DOCUMENT_TOO_LARGE: "The document, or the transaction around it, exceeds a configured size.",
  WRITER_LOCKED: "Another living process holds the directory.",
  WRITER_FENCED: "This process lost the directory to a later writer and can no longer acknowledge anything.",
  READ_ONLY: "The state directory was opened for reading.",
  STORAGE_FULL: "The disk is full; reads and deletes still work, and writing resumes when space returns.",
  STORAGE_FAILED: "A write or sync failed; the store is read-only until it is reopened.",
  CORRUPT: "Stored bytes are damaged and could not be trusted.",
  COMPACTED: "The changes asked for are older than the journal keeps.",
  UNSUPPORTED_FORMAT: "The directory or document was written by a newer version.",
  INVALID_CONFIG: "The configuration, or the directory it names, can not be used.",
  BACKEND_FAILED: "A backend outside the store did not do what it was asked; what is left to do is noted and retried.",
  STARTUP_FAILED: "The router reported the phase error instead of becoming ready.",
  TIMEOUT: "What was waited for did not happen in the time allowed.",
  CLOSED: "The store has been closed.",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof errorCodes;

/** One problem with what a caller handed in. */
export interface Problem {
  /** Where in the input, as a JSON Pointer such as `/input/0/role`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

export interface HoldfastErrorOptions {
  readonly cause?: unknown;
  /** Facts for programs: paths, offsets, pids, revisions. Never document content. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Every problem found with the input, for the `INVALID_*` codes. */
  readonly problems?: readonly Problem[];
}

export class HoldfastError extends Error {
  override readonly name = "HoldfastError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.problems = options.problems ?? [];
  }

  /** Builds an error whose message ends with every problem, one a line, so that nobody fixes them one run at a time. */
  static ofProblems(
    code: ErrorCode,
    summary: string,
    problems: readonly Problem[],
    options: Omit<HoldfastErrorOptions, "problems"> = {},
  ): HoldfastError {
    const lines = problems.map(({ path, message }) => `\n  ${path === "" ? "(whole)" : path}: ${message}`);
    return new HoldfastError(code, `${summary}${lines.join("")}`, { ...options, problems });
  }
}

/** True for a {@link HoldfastError}, of the given code when one is given. */
export function isHoldfastError(error: unknown, code?: ErrorCode): error is HoldfastError {
  return error instanceof HoldfastError && (code === undefined || error.code === code);
}
