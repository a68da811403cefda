import { linePrefixLength } from "./record.js";

/** What the beginning of a commit's line says, so that the rest need not be parsed to know where the commit belongs. */
export interface CommitHead {
  readonly sequence: number;
  readonly durable: number;
}

/** As `commitJson` writes it. */
const head = /^\{"sequence":(\d{1,15}),"time":"[^"\\]*","durable":(\d{1,15}),"operations":\[/;
/** More than two numbers and a time take, with the names of their members. */
const longestHead = 128;

/**
 * Reads the head of a commit whose line occupies `bytes[start, end)` and has the right checksum.
 *
 * @returns `undefined` if the line does not begin as this program writes it: then the whole of it says what it is.
 */
export function readCommitHead(bytes: Buffer, start: number, end: number): CommitHead | undefined {
  const from = start + linePrefixLength;
  const found = head.exec(bytes.toString("latin1", from, Math.min(end, from + longestHead)));
  return found === null ? undefined : { sequence: Number(found[1]), durable: Number(found[2]) };
}
