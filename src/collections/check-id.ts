import { HoldfastError, type Problem } from "../errors.js";

const longestId = 256;
// eslint-disable-next-line no-control-regex -- control characters are what this looks for
const controlCharacters = /[\u0000-\u001f\u007f]/;

/** What most ids look like: at once known to be good. */
const ordinary = /^[A-Za-z0-9_-]{1,256}$/;

/**
 * Refuses what can not name a document: 1 to 256 characters, without slashes, `..`, control characters and lone
 * surrogates. Ids that differ only in case are different ids.
 *
 * @throws HoldfastError `INVALID_ID`, every problem listed
 */
export function checkId(id: unknown): asserts id is string {
  if (typeof id === "string" && ordinary.test(id)) return;
  const problems = [...problemsOf(id)].map((message): Problem => ({ path: "/id", message }));
  if (problems.length > 0) throw HoldfastError.ofProblems("INVALID_ID", "The id can not name a document.", problems);
}

function* problemsOf(id: unknown): Generator<string> {
  if (typeof id !== "string") {
    yield `must be a string, not ${id === null ? "null" : typeof id}`;
    return;
  }
  if (id.length === 0) yield "must not be empty";
  if (id.length > longestId) yield `has ${id.length} characters; ${longestId} are allowed`;
  if (/[/\\]/.test(id)) yield "must not contain a slash or backslash";
  if (id === "." || id.includes("..")) yield 'must not be "." or contain ".."';
  if (controlCharacters.test(id)) yield "must not contain control characters, NUL among them";
  if (!id.isWellFormed()) yield "must not contain half of a surrogate pair";
}
