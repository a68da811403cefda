import { createHash } from "node:crypto";
import type { BlobStore } from "../../collections/index.js";
import type { Reader } from "../history/reader.js";
import { filesCollection, fileRemovalsCollection, type FileObject, type StoredFile } from "./file-document.js";

/** `damage`: a file that can not be served. `note`: worth knowing, and no harm. */
export interface BlobFinding {
  /** The id of the bytes, which is that of the file. */
  readonly id: string;
  readonly detail: string;
  readonly severity: "damage" | "note";
}

export interface BlobVerification {
  /** How many files were read. */
  readonly files: number;
  readonly findings: readonly BlobFinding[];
}

export interface VerifyBlobsOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

const filesPerPage = 1_000;

/**
 * Reads the bytes of every file, and compares them with its record: size and SHA-256. Changes nothing, and may run beside
 * an owner that goes on.
 *
 * @throws what reading throws; damage is a finding, not an error.
 */
export async function verifyBlobs(
  store: Reader,
  blobs: BlobStore,
  { onProgress, signal }: VerifyBlobsOptions = {},
): Promise<BlobVerification> {
  const files = store.collection(filesCollection);
  const total = await files.count();
  const findings: BlobFinding[] = [];
  let done = 0;
  for (const id of await allFiles(store)) {
    signal?.throwIfAborted();
    const stored = await files.get(id);
    const flaw = stored && (await flawOf(blobs, stored.body.file));
    // A file that was deleted while it was being read is gone, not damaged.
    if (flaw !== undefined && (await files.get(id)) !== undefined)
      findings.push({ id, detail: flaw, severity: "damage" });
    done += 1;
    onProgress?.(done, total);
  }
  findings.push(...(await strayBytes(store, blobs)));
  return { files: done, findings };
}

async function allFiles(store: Reader): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store
      .collection(filesCollection)
      .list({ order: "asc", limit: filesPerPage, ...(after === undefined ? {} : { after }) });
    ids.push(...page.documents.map(({ id }: StoredFile) => id));
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return ids;
  }
}

async function flawOf(blobs: BlobStore, file: FileObject): Promise<string | undefined> {
  const info = await blobs.stat(file.id);
  if (info === undefined) return "the bytes are missing";
  if (info.size !== file.bytes) return `there are ${info.size} bytes, where ${file.bytes} were stored`;
  const bytes = await blobs.read(file.id);
  if (bytes === undefined) return "the bytes are missing";
  const hash = createHash("sha256");
  for await (const chunk of bytes as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest("hex") === file.sha256 ? undefined : "the bytes do not match their SHA-256";
}

/** Bytes without a record: an upload under way, or what one or a removal has left. The next owner sees to them. */
async function strayBytes(store: Reader, blobs: BlobStore): Promise<BlobFinding[]> {
  const findings: BlobFinding[] = [];
  for await (const { id, size } of blobs.list()) {
    if ((await store.collection(filesCollection).get(id)) !== undefined) continue;
    const isRemoval = (await store.collection(fileRemovalsCollection).get(id)) !== undefined;
    const what = isRemoval ? "of a deleted file, still to be removed" : "of an upload under way, or of one cut short";
    findings.push({ id, detail: `${size} bytes without a record: ${what}`, severity: "note" });
  }
  return findings;
}
