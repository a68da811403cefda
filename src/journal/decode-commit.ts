import { linePrefixLength, parseLine, type CommitRecord } from "./record.js";

/** Reads a commit from a line whose checksum was looked at already. @returns `undefined` if it holds none. */
export function decodeCommit(bytes: Buffer, start: number, end: number): CommitRecord | undefined {
  const line = parseLine(bytes.toString("utf8", start + linePrefixLength, end));
  return line?.kind === "commit" ? line.commit : undefined;
}
