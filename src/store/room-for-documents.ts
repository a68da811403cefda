import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { Reserve } from "./reserve.js";
import type { Version } from "./version.js";

/** About what a document's file takes beside its body: the envelope, and half a block. */
const fileOverheadBytes = 4 * 1024;

/**
 * On a full disk only what there is room for is begun: to try it out would take, for a moment and from many files at once,
 * what the reserve has just given up for the status or a claim.
 *
 * @throws Error with the code `ENOSPC`, as the system has it, if the documents among the versions do not fit.
 */
export async function assertRoomFor(
  fileSystem: FileSystem,
  layout: Layout,
  versions: readonly Version[],
): Promise<void> {
  const { freeBytes, totalBytes } = await fileSystem.space(layout.root);
  if (totalBytes === 0) return;
  const moved = versions.filter(({ deleted }) => !deleted);
  const needed = moved.reduce((bytes, { bodyLength }) => bytes + bodyLength + fileOverheadBytes, Reserve.bytes);
  if (freeBytes >= needed) return;
  throw Object.assign(new Error(`${moved.length} documents need about ${needed} bytes, and ${freeBytes} are free`), {
    code: "ENOSPC",
  });
}
