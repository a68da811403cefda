import { z } from "zod";
import type { Reader } from "../history/reader.js";
import { attachmentsCollection } from "./attachment-document.js";
import { vectorStoreObjectSchema, type StoredVectorStoreBody } from "./vector-store-document.js";
import { expiresAt, isExpired } from "./vector-store-expiry.js";

export const fileCountsSchema = z.object({
  in_progress: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  total: z.int(),
});
export type FileCounts = z.infer<typeof fileCountsSchema>;

/** A vector store as the wire shows it. */
export const visibleVectorStoreSchema = vectorStoreObjectSchema.extend({
  status: z.enum(["in_progress", "completed", "expired"]),
  file_counts: fileCountsSchema,
  usage_bytes: z.int(),
  expires_at: z.number().optional(),
});
export type VisibleVectorStore = z.infer<typeof visibleVectorStoreSchema>;

/** As many as one page of a store has at most. */
const attachmentsPerPage = 10_000;

export interface AttachmentSummary {
  readonly file_counts: FileCounts;
  readonly usage_bytes: number;
}

export function noFiles(): FileCounts {
  return { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 };
}

/**
 * Counts the files of a vector store, and sums up what they take.
 *
 * Neither is stored anywhere, so neither can drift: not by a crash between two writes, not by results that come late,
 * not by deletions on a full disk, which can write nothing. A page is a picture of one moment, so no file is counted
 * twice while its status changes; only beyond 10,000 files does the count take more than one look.
 */
export async function summaryOf(reader: Reader, vectorStore: string): Promise<AttachmentSummary> {
  const collection = reader.collection(attachmentsCollection);
  const file_counts = noFiles();
  let usage_bytes = 0;
  for (let after: string | undefined; ;) {
    const page = await collection.list({
      where: { vector_store: vectorStore },
      limit: attachmentsPerPage,
      ...(after === undefined ? {} : { after }),
    });
    for (const { body } of page.documents) {
      file_counts[body.vector_store_file.status] += 1;
      file_counts.total += 1;
      usage_bytes += body.vector_store_file.usage_bytes;
    }
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return { file_counts, usage_bytes };
  }
}

/** @param now in seconds since 1970. */
export function visibleVectorStore(
  body: StoredVectorStoreBody,
  { file_counts, usage_bytes }: AttachmentSummary,
  now: number,
): VisibleVectorStore {
  const status = isExpired(body, now) ? "expired" : file_counts.in_progress > 0 ? "in_progress" : "completed";
  const expires_at = expiresAt(body);
  return {
    ...body.vector_store,
    status,
    file_counts,
    usage_bytes,
    ...(expires_at === undefined ? {} : { expires_at }),
  };
}
