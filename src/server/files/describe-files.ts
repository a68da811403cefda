import { z } from "zod";
import { fileObjectSchema, filePageLimits, filePurposes } from "../../surfaces/files/index.js";
import { listBodySchema } from "../requests/list-body.js";
import { choice, text, wholeNumber } from "../requests/query-members.js";
import type { RouteDescription } from "../routing/describe-route.js";

const tag = "Files";
const { least, most, standard } = filePageLimits;

export const listFilesQuery = z.object({
  limit: wholeNumber(least, most).optional().describe(`How many, ${least} to ${most}. Default ${standard}.`),
  order: choice(["asc", "desc"]).optional().describe("By creation. Default desc."),
  after: text().optional().describe("Continue behind the file of this id."),
  purpose: choice(filePurposes).optional().describe("Only files of this purpose."),
});

export const uploadFile: RouteDescription = {
  role: "writer",
  tag,
  summary: "Upload a file",
  body: {
    contentType: "multipart/form-data",
    description:
      "The part `file`, with a filename, and the fields `purpose`, `expires_after[anchor]` and `expires_after[seconds]`, " +
      "in any order.",
  },
  reply: fileObjectSchema,
};

export const listFiles: RouteDescription = {
  role: "detail",
  tag,
  summary: "List files",
  query: listFilesQuery,
  reply: listBodySchema(fileObjectSchema),
};

export const retrieveFile: RouteDescription = {
  role: "detail",
  tag,
  summary: "Retrieve the record of a file",
  reply: fileObjectSchema,
};

export const deleteFile: RouteDescription = {
  role: "writer",
  tag,
  summary: "Delete a file, and detach it from every vector store",
  reply: z.object({ id: z.string(), object: z.literal("file"), deleted: z.literal(true) }),
};

export const fileContent: RouteDescription = {
  role: "detail",
  tag,
  summary: "Download the bytes of a file, or a range of them",
  reply: { contentType: "application/octet-stream", description: "The bytes. `ETag` is their SHA-256." },
  status: [200, 206],
};
