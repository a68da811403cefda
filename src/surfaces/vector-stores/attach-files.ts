import type { Transaction } from "../../collections/index.js";
import type { Problem } from "../../errors.js";
import { newId } from "../history/identifiers.js";
import { attachmentKey, attachmentsCollection, type AttachmentBody } from "./attachment-document.js";
import { resolvedChunking } from "./chunking-strategy.js";
import { secondsNow, type VectorStoreContext } from "./context.js";
import type { AttachableFile } from "./file-directory.js";
import type { NamedFile } from "./file-to-attach.js";
import { expired, unknownFiles } from "./refusals.js";
import { vectorStoresCollection, type StoredVectorStore } from "./vector-store-document.js";
import { isExpired } from "./vector-store-expiry.js";

/**
 * Attaches files to a vector store, all of them or none. A file that is attached already, and whose ingestion has not
 * failed, stays as it is; one that failed or was cancelled is ingested anew, under a new ownership token.
 *
 * @param vectorStore as read in this transaction, so that it can not be deleted meanwhile.
 * @returns the attachments, in the order the files were named.
 * @throws HoldfastError `INVALID_DOCUMENT` for a vector store that has expired; `NOT_FOUND` with each file that is not
 * there, or not the owner's, in `problems`.
 */
export async function attachFiles(
  transaction: Transaction,
  context: VectorStoreContext,
  vectorStore: Pick<StoredVectorStore, "id" | "body">,
  named: readonly NamedFile[],
  owner: string | undefined,
): Promise<AttachmentBody[]> {
  if (isExpired(vectorStore.body, secondsNow(context))) throw expired(vectorStore.id);
  const collection = transaction.collection(attachmentsCollection);
  const attached: AttachmentBody[] = [];
  const unknown: Problem[] = [];
  for (const one of named) {
    const file = await context.files.get(transaction, one.file.file_id, owner);
    if (file === undefined || file.isLost) {
      const what = file === undefined ? "no file with" : "the bytes are lost of the file with";
      unknown.push({ path: one.path, message: `${what} id ${JSON.stringify(one.file.file_id)}` });
      continue;
    }
    const key = attachmentKey(vectorStore.id, file.id);
    const present = (await collection.get(key))?.body;
    const status = present?.vector_store_file.status;
    if (present !== undefined && (status === "in_progress" || status === "completed")) {
      attached.push(present);
    } else {
      const attachment = newAttachment(context, vectorStore.id, one, file);
      await collection.put(key, attachment);
      attached.push(attachment);
    }
  }
  if (unknown.length > 0) throw unknownFiles(unknown);
  await touch(transaction, context, vectorStore);
  return attached;
}

function newAttachment(
  context: VectorStoreContext,
  vectorStore: string,
  { file: { file_id, attributes, chunking_strategy, ...more } }: NamedFile,
  file: AttachableFile,
): AttachmentBody {
  const isIngested = context.ingestion !== "none";
  return {
    vector_store_file: {
      ...more,
      id: file_id,
      object: "vector_store.file",
      created_at: secondsNow(context),
      vector_store_id: vectorStore,
      status: isIngested ? "in_progress" : "completed",
      usage_bytes: isIngested ? 0 : file.bytes,
      last_error: null,
      attributes: attributes ?? {},
      chunking_strategy: resolvedChunking(chunking_strategy ?? undefined),
    },
    attachment: newId("vsf_"),
    ...(isIngested ? { ingestion: firstIngestion(context) } : {}),
  };
}

function firstIngestion({ ingestion, now, leaseMs }: VectorStoreContext): NonNullable<AttachmentBody["ingestion"]> {
  return ingestion === "external" ? { state: "leased", until: now() + leaseMs } : { state: "queued" };
}

/** In seconds. Expiry counts in days; a store that is used all the time need not be written all the time. */
const touchGrain = 60;

/**
 * Notes that a vector store is in use, at most once a minute: all who attach to it at once read its document, and each
 * change of it makes the others look again.
 */
export async function touch(
  transaction: Transaction,
  context: VectorStoreContext,
  { id, body }: Pick<StoredVectorStore, "id" | "body">,
): Promise<void> {
  const now = secondsNow(context);
  if (now - body.vector_store.last_active_at < touchGrain) return;
  const vector_store = { ...body.vector_store, last_active_at: now };
  await transaction.collection(vectorStoresCollection).put(id, { ...body, vector_store });
}
