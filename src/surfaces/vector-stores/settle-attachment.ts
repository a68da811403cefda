import { z } from "zod";
import type { Transaction } from "../../collections/index.js";
import { HoldfastError } from "../../errors.js";
import {
  attachmentsCollection,
  lastErrorSchema,
  type Attachment,
  type AttachmentBody,
  type LastError,
} from "./attachment-document.js";

/** How an ingestion ended, or, with `in_progress`, that it goes on. */
export const settlementSchema = z.looseObject({
  status: z.enum(["in_progress", "completed", "failed"]),
  /** What the result takes up. Default: what was known before. */
  usage_bytes: z.int().min(0).optional(),
  /** Required for `failed`. */
  last_error: lastErrorSchema.nullish(),
  /** The ownership token the ingestion was begun under; when given, a result for an older attachment is refused. */
  attachment: z.string().optional(),
});
export type Settlement = z.infer<typeof settlementSchema>;

export interface FailureToNote {
  readonly last_error: LastError;
  readonly reason?: AttachmentBody["reason"];
}

/** The attachment, completed. */
export function completed(body: AttachmentBody, usage_bytes: number): AttachmentBody {
  return ended(body, { status: "completed", usage_bytes, last_error: null });
}

/** The attachment, failed. */
export function failed(body: AttachmentBody, { last_error, reason }: FailureToNote): AttachmentBody {
  const { code, message } = last_error;
  const kept = { ...last_error, code, message: message.slice(0, 2_000).toWellFormed() };
  return {
    ...ended(body, { status: "failed", usage_bytes: 0, last_error: kept }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** The attachment, cancelled. */
export function cancelled(body: AttachmentBody): AttachmentBody {
  return { ...ended(body, { status: "cancelled", usage_bytes: 0, last_error: null }), reason: "cancelled" };
}

function ended(
  body: AttachmentBody,
  outcome: Pick<AttachmentBody["vector_store_file"], "status" | "usage_bytes" | "last_error">,
): AttachmentBody {
  // Nobody is at it any more.
  const rest = { ...body };
  delete rest.ingestion;
  return { ...rest, vector_store_file: { ...body.vector_store_file, ...outcome } };
}

/**
 * Changes an attachment whose ingestion is still under way, and still the one that holds this token.
 *
 * @param change gives the new body, or `undefined` to leave it.
 * @returns whether it is: else the result is dropped, since the file was detached, attached anew, or settled meanwhile.
 */
export async function changeIfOwned(
  transaction: Transaction,
  key: string,
  token: string,
  change: (body: AttachmentBody) => AttachmentBody | undefined,
): Promise<boolean> {
  const collection = transaction.collection(attachmentsCollection);
  const found = await collection.get(key);
  if (found?.body.attachment !== token || found.body.ingestion === undefined) return false;
  const changed = change(found.body);
  if (changed !== undefined) await collection.put(key, changed);
  return true;
}

/**
 * Takes what an external ingestion reports.
 *
 * @returns the new body; `undefined` if it was reported before and there is nothing to change.
 * @throws HoldfastError `REVISION_CONFLICT` for a token that is not the attachment's, or an end other than the one it has.
 */
export function settled(
  { body }: Attachment,
  { status, usage_bytes, last_error, attachment }: Settlement,
  leasedUntil: number,
): AttachmentBody | undefined {
  const { vector_store_file: file } = body;
  if (attachment !== undefined && attachment !== body.attachment) {
    throw conflict(file.id, `was attached anew since: its attachment is ${body.attachment}`, body);
  }
  if (body.ingestion === undefined) {
    if (status === file.status) return undefined;
    throw conflict(file.id, `is ${file.status} already`, body);
  }
  if (status === "in_progress") {
    // Progress of a worker of this process needs no lease: it lives and dies with the process.
    return body.ingestion.state === "leased"
      ? { ...body, ingestion: { state: "leased", until: leasedUntil } }
      : undefined;
  }
  if (status === "completed") return completed(body, usage_bytes ?? file.usage_bytes);
  return failed(body, { last_error: last_error ?? { code: "server_error", message: "The ingestion failed." } });
}

function conflict(file: string, found: string, { attachment }: AttachmentBody): HoldfastError {
  return new HoldfastError(
    "REVISION_CONFLICT",
    `The file ${JSON.stringify(file)} ${found}. Drop the result, and what was made of it.`,
    { details: { kind: "vector store file", id: file, attachment } },
  );
}
