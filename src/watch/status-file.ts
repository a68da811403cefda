import { HoldfastError } from "../errors.js";
import { parsedOnce } from "../files/parsed-once.js";
import type { FileStatus, FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { startupStatusSchema, type StartupStatus } from "./startup-status.js";

/** Far above what 200 transitions and a long list of models need. A larger file is not ours. */
export const largestStatusBytes = 4 * 1024 * 1024;

/** Tells one version of the file, or one sign of life in it, from the next. */
export function signOf(file: FileStatus): string {
  return `${file.inode}:${file.size}:${file.modifiedAtMs}`;
}

/** A status as it stands in its file, and as a writer sends it to those who are connected: one line. */
export function statusLine(status: StartupStatus): Buffer {
  return Buffer.from(`${JSON.stringify(status)}\n`);
}

/**
 * Reads `status/startup.json`.
 *
 * @returns `undefined` if there is none.
 * @throws HoldfastError `CORRUPT` if its bytes are not a status, with every problem listed; `UNSUPPORTED_FORMAT` if a
 * newer version wrote it; `INVALID_CONFIG` if the system does not let it be read. None of these is absence.
 */
export async function readStatusFile(fileSystem: FileSystem, path: string): Promise<StartupStatus | undefined> {
  let bytes: Buffer;
  try {
    bytes = await fileSystem.readFile(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(error, path);
  }
  return parseStatus(bytes, path);
}

/** What the system said when a status could not be read. */
export function unreadable(error: unknown, path: string): HoldfastError {
  const reason = error instanceof Error ? error.message : String(error);
  return new HoldfastError(
    "INVALID_CONFIG",
    `Could not read the startup status (${path}): ${reason}. Check that this process may read it, and that it is on a working file system.`,
    { cause: error, details: { path, systemCode: (error as NodeJS.ErrnoException | undefined)?.code } },
  );
}

/**
 * @param path where the bytes come from, for the message.
 * @throws HoldfastError `CORRUPT` or `UNSUPPORTED_FORMAT`, as {@link readStatusFile}.
 */
export function parseStatus(bytes: Buffer, path: string): StartupStatus {
  if (bytes.length > largestStatusBytes) {
    throw new HoldfastError("CORRUPT", `${path} is no startup status: it has ${bytes.length} bytes.`, {
      details: { path },
    });
  }
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new HoldfastError("CORRUPT", `${path} is no startup status: it is not JSON.`, {
      cause: error,
      details: { path },
    });
  }
  const format = formatOf(content);
  if (format !== undefined && format > 1) {
    throw new HoldfastError(
      "UNSUPPORTED_FORMAT",
      `${path} has format ${format}; this version of Holdfast reads format 1. Use the version that runs the router.`,
      { details: { path, format } },
    );
  }
  const parsed = startupStatusSchema.safeParse(content, parsedOnce);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({ path: pointer(issue.path), message: issue.message }));
  throw HoldfastError.ofProblems("CORRUPT", `${path} is no startup status.`, problems.slice(0, 20));
}

function formatOf(content: unknown): number | undefined {
  if (typeof content !== "object" || content === null || !("format" in content)) return undefined;
  return typeof content.format === "number" ? content.format : undefined;
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((member) => `/${String(member)}`).join("");
}
