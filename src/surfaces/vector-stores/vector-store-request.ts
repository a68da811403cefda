import { z } from "zod";
import { documentIdSchema } from "../history/identifiers.js";
import { metadataSchema } from "../history/metadata.js";
import { ProblemList } from "../history/problems.js";
import { chunkingStrategySchema } from "./chunking-strategy.js";
import { mostFilesAtCreation, namedFiles, withoutRepeats, type NamedFile } from "./file-to-attach.js";
import {
  descriptionSchema,
  expiresAfterSchema,
  nameSchema,
  type StoredVectorStoreBody,
} from "./vector-store-document.js";

/** What a vector store is created from. Members nobody knows yet are kept. */
export const createVectorStoreSchema = z.looseObject({
  name: nameSchema.nullish(),
  description: descriptionSchema.nullish(),
  metadata: metadataSchema.nullish(),
  expires_after: expiresAfterSchema.nullish(),
  file_ids: z
    .array(documentIdSchema)
    .max(mostFilesAtCreation, `names at most ${mostFilesAtCreation} files; a file batch takes more`)
    .nullish(),
  /** For the files named here. */
  chunking_strategy: chunkingStrategySchema.nullish(),
});

/** What can be changed of a vector store. What is left out stays; `null` empties. */
export const updateVectorStoreSchema = z.looseObject({
  name: nameSchema.nullish(),
  description: descriptionSchema.nullish(),
  metadata: metadataSchema.nullish(),
  expires_after: expiresAfterSchema.nullish(),
});

/** What follows from the files and the time, or is given once: not what a request says of it. */
const derivedMembers: ReadonlySet<string> = new Set([
  "id",
  "object",
  "created_at",
  "last_active_at",
  "status",
  "file_counts",
  "usage_bytes",
  "expires_at",
]);

type Members = StoredVectorStoreBody["vector_store"];

/** @throws HoldfastError `INVALID_DOCUMENT`, every problem listed. */
export function checkedCreation(
  given: unknown,
  fixed: Pick<Members, "id" | "created_at">,
): { readonly vector_store: Members; readonly files: NamedFile[] } {
  const problems = new ProblemList();
  const request = problems.accepted(
    problems.check(createVectorStoreSchema, given ?? {}, ""),
    "The vector store can not be created.",
  );
  const { name, description, metadata, expires_after, file_ids, chunking_strategy, ...more } = request;
  const vector_store: Members = {
    ...withoutDerived(more),
    ...fixed,
    object: "vector_store",
    name: name ?? "",
    ...(isGiven(description) ? { description } : {}),
    metadata: metadata ?? {},
    last_active_at: fixed.created_at,
    ...(isGiven(expires_after) ? { expires_after } : {}),
  };
  return { vector_store, files: withoutRepeats(namedFiles(file_ids ?? [], "/file_ids", { chunking_strategy })) };
}

/** @throws HoldfastError `INVALID_DOCUMENT`, every problem listed. */
export function checkedUpdate(given: unknown): (members: Members) => Members {
  const problems = new ProblemList();
  const { name, description, metadata, expires_after, ...more } = problems.accepted(
    problems.check(updateVectorStoreSchema, given ?? {}, ""),
    "The vector store can not be changed so.",
  );
  return (members) => {
    const changed: Members = { ...members, ...withoutDerived(more) };
    if (name !== undefined) changed.name = name ?? "";
    if (metadata !== undefined) changed.metadata = metadata ?? {};
    if (description === null) delete changed.description;
    else if (description !== undefined) changed.description = description;
    if (expires_after === null) delete changed.expires_after;
    else if (expires_after !== undefined) changed.expires_after = expires_after;
    return changed;
  };
}

function withoutDerived(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !derivedMembers.has(name)));
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== undefined && value !== null;
}
