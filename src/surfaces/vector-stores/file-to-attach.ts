import { z } from "zod";
import { documentIdSchema } from "../history/identifiers.js";
import type { ProblemList } from "../history/problems.js";
import { attributesSchema } from "./attributes.js";
import { mostFilesInBatch } from "./batch-document.js";
import { chunkingStrategySchema } from "./chunking-strategy.js";

/** A file that is to be attached, as a request names it. Members nobody knows yet are kept. */
export const fileToAttachSchema = z.looseObject({
  file_id: documentIdSchema,
  attributes: attributesSchema.nullish(),
  chunking_strategy: chunkingStrategySchema.nullish(),
});
export type FileToAttach = z.infer<typeof fileToAttachSchema>;

/** The most files that the creation of a vector store attaches. */
export const mostFilesAtCreation = 500;

/** What a batch is made of: `file_ids` with what all of them share, or `files`. */
export const batchRequestSchema = z.looseObject({
  file_ids: z.array(documentIdSchema).nullish(),
  files: z.array(fileToAttachSchema).nullish(),
  attributes: attributesSchema.nullish(),
  chunking_strategy: chunkingStrategySchema.nullish(),
});

/** A file with the place where the request named it, as a JSON Pointer. */
export interface NamedFile {
  readonly path: string;
  readonly file: FileToAttach;
}

/** The files of a batch, each once. Attaching is idempotent, so naming one twice is no mistake: the first time counts. */
export function filesOfBatch(given: unknown, problems: ProblemList): NamedFile[] {
  const request = problems.check(batchRequestSchema, given, "");
  if (request === undefined) return [];
  const { file_ids, files, attributes, chunking_strategy } = request;
  if ((file_ids ?? undefined) !== undefined && (files ?? undefined) !== undefined) {
    problems.add("/files", "can not be given together with file_ids");
    return [];
  }
  const named = file_ids
    ? namedFiles(file_ids, "/file_ids", { attributes, chunking_strategy })
    : (files ?? []).map((file, index) => ({ path: `/files/${index}/file_id`, file }));
  if (named.length < 1 || named.length > mostFilesInBatch) {
    problems.add(file_ids ? "/file_ids" : "/files", `must name 1 to ${mostFilesInBatch} files, not ${named.length}`);
  }
  return withoutRepeats(named);
}

export function namedFiles(
  ids: readonly string[],
  path: string,
  shared: Pick<FileToAttach, "attributes" | "chunking_strategy">,
): NamedFile[] {
  return ids.map((file_id, index) => ({ path: `${path}/${index}`, file: { ...shared, file_id } }));
}

export function withoutRepeats(named: readonly NamedFile[]): NamedFile[] {
  const seen = new Set<string>();
  return named.filter(({ file }) => !seen.has(file.file_id) && seen.add(file.file_id));
}
