import { z } from "zod";
import { HoldfastError } from "../../errors.js";
import { assertPageOptions, pageLimits, type PageOptions } from "../history/page-options.js";
import type { Reader } from "../history/reader.js";
import {
  attachmentKey,
  attachmentsCollection,
  type Attachment,
  type AttachmentStatus,
  type VectorStoreFile,
} from "./attachment-document.js";
import { batchSchema, type Batch } from "./batch-document.js";
import { fileCountsSchema, noFiles } from "./visible-vector-store.js";

/** A file batch as the wire shows it. */
export const visibleBatchSchema = batchSchema.shape.batch.extend({
  status: z.enum(["in_progress", "completed", "failed", "cancelled"]),
  file_counts: fileCountsSchema,
});
export type VisibleBatch = z.infer<typeof visibleBatchSchema>;

export interface AttachmentPageOptions extends PageOptions {
  /** Only files with this status. */
  readonly filter?: AttachmentStatus | undefined;
  /** By the time they were attached. Default `"desc"`. */
  readonly order?: "asc" | "desc";
}

export interface AttachmentPage {
  readonly files: VectorStoreFile[];
  readonly hasMore: boolean;
}

/** The attachments of a batch that there are, in the order the files were named. A file that was detached has left it. */
export async function* attachmentsOf(reader: Reader, { body }: Batch, files = body.files): AsyncGenerator<Attachment> {
  const collection = reader.collection(attachmentsCollection);
  for (const file of files) {
    const attachment = await collection.get(attachmentKey(body.batch.vector_store_id, file));
    if (attachment !== undefined) yield attachment;
  }
}

/**
 * A batch with its counts and status, both derived from its files: in progress while one of them is, which someone always
 * sees to an end; failed if something failed and nothing succeeded.
 */
export async function visibleBatch(reader: Reader, batch: Batch): Promise<VisibleBatch> {
  const file_counts = noFiles();
  for await (const { body } of attachmentsOf(reader, batch)) {
    file_counts[body.vector_store_file.status] += 1;
    file_counts.total += 1;
  }
  return { ...batch.body.batch, status: statusOf(batch, file_counts), file_counts };
}

function statusOf({ body }: Batch, counts: VisibleBatch["file_counts"]): VisibleBatch["status"] {
  if (body.cancelled) return "cancelled";
  if (counts.in_progress > 0) return "in_progress";
  return counts.failed > 0 && counts.completed === 0 ? "failed" : "completed";
}

/** Reads a page of a batch's files. @throws HoldfastError `INVALID_CURSOR`, `INVALID_CONFIG`. */
export async function filesOfBatchPage(
  reader: Reader,
  batch: Batch,
  options: AttachmentPageOptions,
): Promise<AttachmentPage> {
  assertPageOptions(options);
  const { order = "desc", limit = pageLimits.standard, after, before, filter } = options;
  const inOrder = order === "asc" ? batch.body.files : batch.body.files.toReversed();
  const cursor = after ?? before;
  const at = cursor === undefined ? -1 : inOrder.indexOf(cursor);
  if (cursor !== undefined && at < 0) {
    throw new HoldfastError("INVALID_CURSOR", `The batch ${batch.id} has no file ${JSON.stringify(cursor)}.`, {
      details: { cursor, parameter: after === undefined ? "before" : "after" },
    });
  }
  // `before` asks for what directly precedes: it is read backwards and turned round.
  const isBackwards = before !== undefined;
  const candidates = isBackwards ? inOrder.slice(0, at).reverse() : inOrder.slice(at + 1);
  const files: VectorStoreFile[] = [];
  let hasMore = false;
  for await (const { body } of attachmentsOf(reader, batch, candidates)) {
    if (filter !== undefined && body.vector_store_file.status !== filter) continue;
    if (files.length === limit) {
      hasMore = true;
      break;
    }
    files.push(body.vector_store_file);
  }
  return { files: isBackwards ? files.reverse() : files, hasMore };
}
