import { HoldfastError } from "../../errors.js";

/** The same words whether a document never was, is gone, or belongs to someone else. */
export function notFound(kind: "response" | "conversation", id: string): HoldfastError {
  return new HoldfastError("NOT_FOUND", `${capitalized(kind)} with id ${JSON.stringify(id)} not found.`, {
    details: { kind, id },
  });
}

export function alreadyExists(kind: "response" | "conversation", id: string): HoldfastError {
  return new HoldfastError("ALREADY_EXISTS", `${capitalized(kind)} with id ${JSON.stringify(id)} is stored already.`, {
    details: { kind, id },
  });
}

/**
 * @param found the revision that is stored; 0 if there is none.
 * @param expected the revision the caller wants; not checked when absent.
 * @throws HoldfastError `REVISION_CONFLICT`
 */
export function assertRevision(
  kind: "response" | "conversation",
  id: string,
  found: number,
  expected: number | undefined,
): void {
  if (expected === undefined || expected === found) return;
  const is = found === 0 ? "does not exist" : `is at revision ${found}`;
  const was = expected === 0 ? "though it was not to exist" : `not at revision ${expected}`;
  throw new HoldfastError(
    "REVISION_CONFLICT",
    `The ${kind} ${JSON.stringify(id)} ${is}, ${was}. Read it again and repeat the change.`,
    { details: { kind, id, expected, found } },
  );
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
