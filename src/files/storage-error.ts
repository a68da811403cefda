import { HoldfastError, isHoldfastError, type ErrorCode } from "../errors.js";

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "STORAGE_FULL",
  EDQUOT: "STORAGE_FULL",
  EROFS: "READ_ONLY",
  EACCES: "INVALID_CONFIG",
  EPERM: "INVALID_CONFIG",
};

const advice: Partial<Record<ErrorCode, string>> = {
  STORAGE_FULL: "The disk is full: free some space, and writing resumes by itself.",
  READ_ONLY: "The file system is mounted read-only.",
  INVALID_CONFIG: "This process has no permission for it: check the owner and mode of the directory.",
};

const journalAdvice =
  "Whether what was being written is on the disk is open; nothing more is written until the directory is opened anew.";

/**
 * Says what the system refused in Holdfast's own terms.
 *
 * @param doing what was attempted, as in "could not <doing>"
 */
export function storageError(error: unknown, doing: string, path: string): HoldfastError {
  if (isHoldfastError(error)) return error;
  const systemCode = systemCodeOf(error);
  const code = codes[systemCode ?? ""] ?? "STORAGE_FAILED";
  const message = sentences(whatFailed(error, doing, path), advice[code]);
  return new HoldfastError(code, message, { cause: error, details: { path, systemCode } });
}

/**
 * Says why a journal has ended. Whatever the system's reason, what was being written may be on the disk or not, and
 * nothing more is written until the directory is opened anew: to a caller this is one case, `STORAGE_FAILED`, and no
 * wrong configuration, and no full disk that would be over by itself. The reason stays in the message and the cause. An
 * error that is Holdfast's own already, such as `WRITER_FENCED`, passes through.
 *
 * @param doing what was attempted, as in "could not <doing>"
 */
export function journalFailure(error: unknown, doing: string, path: string): HoldfastError {
  if (isHoldfastError(error)) return error;
  const systemCode = systemCodeOf(error);
  const reason = isFullDisk(error) ? undefined : advice[codes[systemCode ?? ""] ?? "STORAGE_FAILED"];
  const message = sentences(whatFailed(error, doing, path), reason, journalAdvice);
  return new HoldfastError("STORAGE_FAILED", message, { cause: error, details: { path, systemCode } });
}

/** True for the system's word that there is no space left. */
export function isFullDisk(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === "ENOSPC" || code === "EDQUOT" || isHoldfastError(error, "STORAGE_FULL");
}

function systemCodeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function whatFailed(error: unknown, doing: string, path: string): string {
  return `Could not ${doing} (${path}): ${error instanceof Error ? error.message : String(error)}.`;
}

function sentences(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(" ");
}
