import { join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import type { LoadedState } from "./loaded-state.js";

/**
 * A process that is killed in the middle of a write leaves bytes that can be read and are not on the disk yet; likewise
 * a `checkpoint.json` whose new name is not. From our first segment on, all that was read counts as durable: readers
 * are shown it, new commits build on it, and the journal below the checkpoint may go. So it is made durable first. A
 * power loss before this takes back only what was never acknowledged, and nobody has seen it.
 */
export async function makeReadBytesDurable(fileSystem: FileSystem, layout: Layout, loaded: LoadedState): Promise<void> {
  await fileSystem.syncDirectory(layout.root);
  const { previous } = loaded.journal;
  if (previous === null) return;
  // Only the last segment: an owner begins another when everything in the one before is on disk.
  const file = await fileSystem.open(join(layout.journal, previous.segment), "truncate");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The predecessor's last segment is sealed by our header; what lies behind the seal is preallocation or a torn tail. */
export async function cutPredecessor(fileSystem: FileSystem, layout: Layout, loaded: LoadedState): Promise<void> {
  const { previous } = loaded.journal;
  if (previous === null) return;
  const file = await fileSystem.open(join(layout.journal, previous.segment), "truncate");
  try {
    if ((await file.size()) > previous.length) await file.truncate(previous.length);
  } finally {
    await file.close();
  }
}
