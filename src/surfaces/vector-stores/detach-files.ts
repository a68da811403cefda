import type { Transaction } from "../../collections/index.js";
import { attachmentsCollection, type Attachment } from "./attachment-document.js";
import type { VectorStoreContext } from "./context.js";
import type { Intents } from "./intents.js";

const attachmentsPerPage = 1_000;

/** Notes that what the ingestion of attachments made is to be removed, where someone does that. */
export async function noteReleases(
  transaction: Transaction,
  { ingestion }: VectorStoreContext,
  intents: Intents,
  attachments: readonly Attachment[],
): Promise<string[]> {
  if (typeof ingestion === "string" || ingestion.remove === undefined) return [];
  const noted: string[] = [];
  for (const { body } of attachments) {
    // What still waits was never begun.
    if (body.ingestion?.state === "queued") continue;
    const { vector_store_id } = body.vector_store_file;
    noted.push(await intents.note(transaction, { action: "release", vector_store_id, attachment: body }));
  }
  return noted;
}

/**
 * Takes an attachment out, and notes what its ingestion has left to remove: from that moment it is gone for everyone, and
 * a result that comes later holds no token that is known.
 *
 * @param deletesOnly on a full disk nothing can be noted; the caller then removes the rest itself.
 * @returns the intents noted.
 */
export async function detach(
  transaction: Transaction,
  context: VectorStoreContext,
  intents: Intents,
  attachment: Attachment,
  deletesOnly: boolean,
): Promise<string[]> {
  await transaction.collection(attachmentsCollection).delete(attachment.id);
  return deletesOnly ? [] : noteReleases(transaction, context, intents, [attachment]);
}

/** Detaches a file from every vector store, as part of the transaction that deletes the file. */
export async function detachEverywhere(
  transaction: Transaction,
  context: VectorStoreContext,
  intents: Intents,
  file: string,
  deletesOnly: boolean,
): Promise<void> {
  for (;;) {
    const { documents } = await transaction
      .collection(attachmentsCollection)
      .list({ where: { file }, limit: attachmentsPerPage });
    if (documents.length === 0) return;
    for (const attachment of documents) await detach(transaction, context, intents, attachment, deletesOnly);
  }
}
