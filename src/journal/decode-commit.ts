import { linePrefixLength, parseLine, type CommitRecord, type PutOperation } from "./record.js";

/** A commit, and the JSON it was read from. */
export interface DecodedCommit {
  readonly commit: CommitRecord;
  readonly json: string;
}

/** Reads a commit from a line whose checksum was looked at already. @returns `undefined` if it holds none. */
export function decodeCommit(bytes: Buffer, start: number, end: number): DecodedCommit | undefined {
  const json = bytes.toString("utf8", start + linePrefixLength, end);
  const line = parseLine(json);
  return line?.kind === "commit" ? { commit: line.commit, json } : undefined;
}

const beforeBody = ',"body":';
const afterBody = "}]}";

/**
 * The body of an operation as JSON: where that is known for certain, the very text that the journal has. The body is the
 * last member of an operation and the operations that of a commit. So of a commit with one operation, the text behind the
 * first `,"body":` is the body, if nothing before it can hold another: such bytes do not occur within a string, whose
 * quotes are escaped.
 *
 * @param json of the commit that the operation is of.
 */
export function bodyJson(operation: PutOperation, commit: CommitRecord, json: string): string {
  if (commit.operations.length === 1 && operation.unknown === undefined && json.endsWith(afterBody)) {
    const at = json.indexOf(beforeBody);
    if (at >= 0 && lastMember(commit) === "operations" && bodyStandsAlone(operation))
      return json.slice(at + beforeBody.length, -afterBody.length);
  }
  return JSON.stringify(operation.body);
}

/** Whether the body is the last member, and none before it can hold members itself. */
function bodyStandsAlone(operation: PutOperation): boolean {
  for (const [name, value] of Object.entries(operation)) if (name !== "body" && typeof value === "object") return false;
  return lastMember(operation) === "body";
}

function lastMember(value: object): string | undefined {
  return Object.keys(value).at(-1);
}
