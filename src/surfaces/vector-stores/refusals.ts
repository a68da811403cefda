import { HoldfastError, type Problem } from "../../errors.js";

type Kind = "vector store" | "file batch";

/** The same words whether it never was, is gone, or belongs to someone else. */
export function notFound(kind: Kind, id: string): HoldfastError {
  const capitalized = kind.charAt(0).toUpperCase() + kind.slice(1);
  return new HoldfastError("NOT_FOUND", `${capitalized} with id ${JSON.stringify(id)} not found.`, {
    details: { kind, id },
  });
}

/** @throws nothing; the error for a file that is not attached to a store that is there. */
export function notAttached(vectorStore: string, file: string): HoldfastError {
  return new HoldfastError(
    "NOT_FOUND",
    `No file with id ${JSON.stringify(file)} is attached to the vector store ${JSON.stringify(vectorStore)}.`,
    { details: { kind: "vector store file", id: file, vectorStore } },
  );
}

/** Files that were to be attached and are not there, all of them named. */
export function unknownFiles(problems: readonly Problem[]): HoldfastError {
  return HoldfastError.ofProblems(
    "NOT_FOUND",
    "Not every file is there. Upload them first; nothing was attached.",
    problems,
    { details: { kind: "file" } },
  );
}

export function expired(id: string): HoldfastError {
  return HoldfastError.ofProblems(
    "INVALID_DOCUMENT",
    `The vector store ${JSON.stringify(id)} has expired. It can still be read and deleted; create a new one to go on.`,
    [{ path: "/vector_store_id", message: "names a vector store that has expired" }],
    { details: { kind: "vector store", id } },
  );
}
