import type { Reconciliation } from "../../collections/index.js";
import { filesCollection, type FileObject } from "./file-document.js";
import { finishRemovals, type RemovalParts } from "./removal.js";

const surface = "files";
const filesPerPage = 1_000;
const mostIdsTold = 100;

/** What stands in `status_details` of a record whose bytes can not be served, and in the report. */
const missingBytes = "missing_bytes";
const wrongSize = "wrong_size";

/**
 * Puts files in order after a crash, before anyone can ask for one.
 *
 * An upload stores bytes, then the record; a removal takes the record, then the bytes, with a note in between. So what a
 * crash leaves is: a note, and the removal is finished; or bytes without a record, which were never acknowledged, and are
 * set aside. A record without its bytes no crash leaves: that is damage, and the file says so from then on. Should the
 * bytes be put back by hand, the next opening believes them by their size, and whoever reads them by their SHA-256.
 */
export async function reconcileFiles(parts: RemovalParts): Promise<Reconciliation[]> {
  const finished = await finishRemovals(parts);
  const sizes = new Map<string, number>();
  for await (const { id, size } of parts.blobs.list()) sizes.set(id, size);
  const judged = await judgeRecords(parts, sizes);
  const orphans: string[] = [];
  // What has a record was taken out.
  for (const id of sizes.keys()) {
    await parts.blobs.quarantine(id, "file-without-record");
    orphans.push(id);
  }
  return [
    entry("finished", "interrupted_removal", finished),
    entry("quarantined", "bytes_without_record", orphans, { detail: "uploads that were never acknowledged" }),
    entry("marked_error", missingBytes, judged.missing, { loss: true }),
    entry("marked_error", wrongSize, judged.resized, { loss: true }),
    entry("restored", "bytes_found_again", judged.restored),
  ].filter(({ count }) => count > 0);
}

interface Judged {
  readonly missing: string[];
  readonly resized: string[];
  readonly restored: string[];
}

/** Compares every record with its bytes, and takes those that have a record out of `sizes`. */
async function judgeRecords({ store }: RemovalParts, sizes: Map<string, number>): Promise<Judged> {
  const files = store.collection(filesCollection);
  const judged: Judged = { missing: [], resized: [], restored: [] };
  let after: string | undefined;
  for (;;) {
    const page = await files.list({ order: "asc", limit: filesPerPage, ...(after === undefined ? {} : { after }) });
    for (const { id, body } of page.documents) {
      const { file } = body;
      const size = sizes.get(id);
      sizes.delete(id);
      const flaw = size === undefined ? missingBytes : size === file.bytes ? undefined : wrongSize;
      const next = judgedFile(file, flaw);
      if (next === file) continue;
      await files.put(id, { ...body, file: next });
      if (flaw === undefined) judged.restored.push(id);
      else (flaw === missingBytes ? judged.missing : judged.resized).push(id);
    }
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return judged;
  }
}

/** @returns the file itself if there is nothing to change. */
function judgedFile(file: FileObject, flaw: string | undefined): FileObject {
  if (flaw !== undefined) {
    const isKnown = file.status === "error" && file.status_details === flaw;
    return isKnown ? file : { ...file, status: "error", status_details: flaw };
  }
  const isOurs = file.status_details === missingBytes || file.status_details === wrongSize;
  if (file.status !== "error" || !isOurs) return file;
  const restored: FileObject = { ...file, status: "processed" };
  delete restored.status_details;
  return restored;
}

function entry(
  action: string,
  reason: string,
  ids: readonly string[],
  more: Partial<Pick<Reconciliation, "loss" | "detail">> = {},
): Reconciliation {
  return { surface, action, reason, count: ids.length, ids: ids.slice(0, mostIdsTold), ...more };
}
