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

/**
 * Says what the system refused in Holdfast's own terms.
 *
 * @param doing what was attempted, as in "could not <doing>"
 */
export function storageError(error: unknown, doing: string, path: string): HoldfastError {
  if (isHoldfastError(error)) return error;
  const systemCode = (error as NodeJS.ErrnoException | undefined)?.code;
  const code = codes[systemCode ?? ""] ?? "STORAGE_FAILED";
  const reason = error instanceof Error ? error.message : String(error);
  const message = [`Could not ${doing} (${path}): ${reason}.`, advice[code]]
    .filter((part) => part !== undefined)
    .join(" ");
  return new HoldfastError(code, message, { cause: error, details: { path, systemCode } });
}

/** True for the system's word that there is no space left. */
export function isFullDisk(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOSPC" || code === "EDQUOT" || isHoldfastError(error, "STORAGE_FULL");
}
