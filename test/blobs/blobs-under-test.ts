import { readdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { BlobInfo, BlobStore } from "../../src/collections/index.js";
import { DirectoryBlobs } from "../../src/blobs/index.js";
import { HoldfastError } from "../../src/errors.js";
import { systemClock } from "../../src/files/clock.js";
import { Layout } from "../../src/files/layout.js";
import { Quarantine } from "../../src/store/quarantine.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** Bytes in a folder of their own, on a disk that can be made to fail, and an owner that can be displaced. */
export interface BlobsUnderTest extends AsyncDisposable {
  readonly blobs: DirectoryBlobs;
  readonly disk: FaultyFileSystem;
  readonly layout: Layout;
  /** From here on another process owns the directory. */
  displace(): void;
  /** Every file below `blobs/`, relative to it, sorted. */
  fileNames(): Promise<string[]>;
  /** The same folder for another owner, or for a reader. */
  another(role: "owner" | "reader"): DirectoryBlobs;
}

export async function blobsUnderTest(): Promise<BlobsUnderTest> {
  const folder = await temporaryFolder();
  const disk = new FaultyFileSystem();
  const layout = new Layout(folder.path);
  const quarantine = new Quarantine(disk, layout, systemClock);
  let isDisplaced = false;
  const open = (checkFence: () => void): DirectoryBlobs =>
    new DirectoryBlobs({
      fileSystem: disk,
      layout,
      owner: { checkFence, quarantine: (path, why, detail) => quarantine.move(path, why, detail) },
    });
  return {
    blobs: open(() => {
      if (isDisplaced) throw new HoldfastError("WRITER_FENCED", "another process owns the directory");
    }),
    disk,
    layout,
    displace() {
      isDisplaced = true;
    },
    async fileNames() {
      const entries = await readdir(layout.blobs, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => `${entry.parentPath.slice(layout.blobs.length + 1)}/${entry.name}`)
        .sort();
    },
    another(role) {
      return role === "owner" ? open(() => undefined) : new DirectoryBlobs({ fileSystem: disk, layout });
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Yields pieces. */
export async function* pieces(...given: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array, void, void> {
  for (const piece of given) yield await Promise.resolve(Buffer.from(piece));
}

/** Yields one piece and then falls silent. */
export async function* silentAfter(piece: string): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.from(piece);
  await new Promise<never>(() => undefined);
}

/** Every blob there is, by id. */
export async function listed(blobs: BlobStore): Promise<BlobInfo[]> {
  const found: BlobInfo[] = [];
  for await (const info of blobs.list()) found.push(info);
  return found.sort((one, other) => (one.id < other.id ? -1 : 1));
}

export async function bytesOf(stream: Readable | undefined): Promise<Buffer> {
  if (stream === undefined) throw new Error("there are no bytes");
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
