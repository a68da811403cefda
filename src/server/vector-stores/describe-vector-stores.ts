import { z } from "zod";
import {
  attachmentSchema,
  attachmentStatuses,
  attributesSchema,
  batchRequestSchema,
  createVectorStoreSchema,
  fileToAttachSchema,
  settlementSchema,
  updateVectorStoreSchema,
  vectorStoreFileSchema,
  visibleBatchSchema,
  visibleVectorStoreSchema,
} from "../../surfaces/vector-stores/index.js";
import { listBodySchema } from "../requests/list-body.js";
import { choice } from "../requests/query-members.js";
import { listMembers, listQuerySchema } from "../requests/query.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { searchBody, searchPageSchema } from "./search-body.js";

const tag = "Vector stores";

export const fileListQuery = z.object({
  ...listMembers,
  filter: choice(attachmentStatuses).optional().describe("Only files with this status."),
});

export const updateFileBody = z.looseObject({
  attributes: attributesSchema.nullable().describe("Replaces the attributes; null empties them."),
});

export const stateFileSchema = z.object({
  ...attachmentSchema.shape,
  revision: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
});

function deleted(object: string): z.ZodObject {
  return z.object({ id: z.string(), object: z.literal(object), deleted: z.literal(true) });
}

function reading(summary: string, reply: z.ZodType, query?: z.ZodObject): RouteDescription {
  return { role: "detail", tag, summary, reply, ...(query === undefined ? {} : { query }) };
}

function writing(summary: string, reply: z.ZodType, body?: z.ZodType): RouteDescription {
  return { role: "writer", tag, summary, reply, ...(body === undefined ? {} : { body }) };
}

export const create = writing("Create a vector store", visibleVectorStoreSchema, createVectorStoreSchema);
export const list = reading("List vector stores", listBodySchema(visibleVectorStoreSchema), listQuerySchema);
export const retrieve = reading("Retrieve a vector store", visibleVectorStoreSchema);
export const update = writing("Change a vector store", visibleVectorStoreSchema, updateVectorStoreSchema);
export const remove = writing("Delete a vector store; its files stay", deleted("vector_store.deleted"));
export const search: RouteDescription = {
  ...reading("Search a vector store, where its backend can", searchPageSchema),
  body: searchBody,
};

export const attach = writing("Attach a file to a vector store", vectorStoreFileSchema, fileToAttachSchema);
export const listFiles = reading(
  "List the files of a vector store",
  listBodySchema(vectorStoreFileSchema),
  fileListQuery,
);
export const retrieveFile = reading("Retrieve a file of a vector store", vectorStoreFileSchema);
export const updateFile = writing(
  "Replace the attributes of a file in a vector store",
  vectorStoreFileSchema,
  updateFileBody,
);
export const detach = writing(
  "Detach a file from a vector store; the file stays",
  deleted("vector_store.file.deleted"),
);
export const fileContent = reading(
  "Retrieve the parsed content of a file, which this service does not have",
  z.object({}),
);

export const createBatch = writing("Attach many files to a vector store", visibleBatchSchema, batchRequestSchema);
export const retrieveBatch = reading("Retrieve a file batch", visibleBatchSchema);
export const cancelBatch = writing("Cancel what is still in progress of a file batch", visibleBatchSchema);
export const listBatchFiles = reading(
  "List the files of a file batch",
  listBodySchema(vectorStoreFileSchema),
  fileListQuery,
);

export const retrieveStateFile = reading(
  "Retrieve a file of a vector store with its ownership token and who ingests it",
  stateFileSchema,
);
export const settleFile = writing("Report how the ingestion of a file goes", stateFileSchema, settlementSchema);
