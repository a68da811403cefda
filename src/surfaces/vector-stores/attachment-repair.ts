import { changeIfOwned, failed, type FailureToNote } from "./settle-attachment.js";
import { attachmentsCollection, type Attachment, type AttachmentBody } from "./attachment-document.js";
import type { VectorStoreContext } from "./context.js";
import { noteReleases } from "./detach-files.js";
import type { Intents } from "./intents.js";

const attachmentsPerPage = 1_000;

/** What was failed, by why. The ids are `store/file`. */
export type Failures = Map<NonNullable<AttachmentBody["reason"]>, string[]>;

/**
 * Fails the attachments that nobody brings to their end any more: those a worker of another process was at, those that
 * wait for a worker where there is none, and those whose external ingestion has been silent for longer than its lease.
 * Those that wait for a worker of this process stay queued: they were never begun.
 */
export async function failAbandoned(
  context: VectorStoreContext,
  intents: Intents,
  signal?: AbortSignal,
): Promise<Failures> {
  const failures: Failures = new Map();
  for (const attachment of await abandoned(context, signal)) {
    const reason = reasonOf(context, attachment.body);
    if (reason === undefined) continue;
    const isFailed = await context.store.transaction(async (transaction) => {
      // Looked at again in the transaction that acts: a lease may have been renewed, a result have arrived.
      const isOurs = await changeIfOwned(transaction, attachment.id, attachment.body.attachment, (body) =>
        reasonOf(context, body) === reason ? failed(body, failureOf(reason)) : undefined,
      );
      if (isOurs && reason === "interrupted_by_restart")
        await noteReleases(transaction, context, intents, [attachment]);
      return isOurs;
    });
    const { id, vector_store_id } = attachment.body.vector_store_file;
    if (isFailed) failures.set(reason, [...(failures.get(reason) ?? []), `${vector_store_id}/${id}`]);
  }
  return failures;
}

async function abandoned(context: VectorStoreContext, signal: AbortSignal | undefined): Promise<Attachment[]> {
  const found: Attachment[] = [];
  for (const state of ["running", "leased", "queued"] as const) {
    // Where there are workers, what is queued may be much, and is theirs.
    if (state === "queued" && typeof context.ingestion !== "string") continue;
    for (let after: string | undefined; ;) {
      signal?.throwIfAborted();
      const page = await context.store.collection(attachmentsCollection).list({
        where: { ingestion: state },
        limit: attachmentsPerPage,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.documents.filter(({ body }) => reasonOf(context, body) !== undefined));
      after = page.documents.at(-1)?.id;
      if (!page.hasMore) break;
    }
  }
  return found;
}

/** Why nobody will bring an attachment to its end; `undefined` if somebody will. */
function reasonOf(
  { ingestion: ingester, process, now }: VectorStoreContext,
  { ingestion }: AttachmentBody,
): "interrupted_by_restart" | "lease_expired" | "no_ingester" | undefined {
  if (ingestion?.state === "running" && ingestion.process !== process) return "interrupted_by_restart";
  if (ingestion?.state === "leased" && ingestion.until <= now()) return "lease_expired";
  if (ingestion?.state === "queued" && typeof ingester === "string") return "no_ingester";
  return undefined;
}

const messages = {
  interrupted_by_restart: "The ingestion was interrupted by a restart. Attach the file again to repeat it.",
  lease_expired: "The ingesting program fell silent before it was done. Attach the file again to repeat it.",
  no_ingester: "Nothing ingests files any more since the last restart. Attach the file again once something does.",
} as const;

function failureOf(reason: keyof typeof messages): FailureToNote {
  return { last_error: { code: "server_error", message: messages[reason] }, reason };
}
