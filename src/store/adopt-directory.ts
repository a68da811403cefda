import { basename, join } from "node:path";
import { HoldfastError } from "../errors.js";
import { entriesIfPresent } from "../files/entries-if-present.js";
import type { DirectoryEntry, FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isTemporaryName } from "../files/temporary-name.js";
import { parseSegmentName } from "../journal/segment-name.js";

/** What a folder is, before anything in it is touched. */
export type DirectoryKind = "absent" | "empty" | "ours";

/** Volumes come with this one. */
const ignored = new Set(["lost+found"]);

/**
 * Tells whether a folder may be used as a state directory. Only one that is empty, or that is demonstrably ours: one
 * with a manifest, or, where that is gone, with a claim or a journal segment; or with nothing but the empty folders that
 * an interrupted first opening leaves.
 *
 * @throws HoldfastError `INVALID_CONFIG` for anything else. A foreign folder is never adopted and never cleaned.
 */
export async function examineDirectory(fileSystem: FileSystem, layout: Layout): Promise<DirectoryKind> {
  let entries: DirectoryEntry[];
  try {
    entries = await fileSystem.readDirectory(layout.root);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return "absent";
    if (code === "ENOTDIR") throw foreign(layout, "it is not a directory");
    throw error;
  }
  const names = entries.map(({ name }) => name).filter((name) => !ignored.has(name));
  if (names.length === 0) return "empty";
  if (names.includes("manifest.json")) {
    if (await hasForeignManifest(fileSystem, layout))
      throw foreign(layout, "its manifest.json is not one of Holdfast's");
    return "ours";
  }
  // In this order: another process may be opening the directory for the first time at this very moment. Before anything
  // that would be unknown comes its claim, so whatever has been seen of it, the claim is there by now.
  const unknown = await unknownNames(fileSystem, layout, names);
  if (await hasOwnTraces(fileSystem, layout)) return "ours";
  if (unknown.length > 0) {
    throw foreign(
      layout,
      `it has no manifest.json, and holds other files (${unknown
        .slice(0, 5)
        .map((name) => JSON.stringify(name))
        .join(", ")})`,
    );
  }
  return "empty";
}

/** What an interrupted first opening does not leave: two folders, with nothing in them but a socket and half a claim. */
async function unknownNames(fileSystem: FileSystem, layout: Layout, names: readonly string[]): Promise<string[]> {
  const unknown = names.filter((name) => name !== "epochs" && name !== "status" && !isTemporaryName(name));
  for (const folder of [layout.epochs, layout.status]) {
    for (const { name, kind } of await entriesIfPresent(fileSystem, folder)) {
      if (kind !== "socket" && !isTemporaryName(name)) unknown.push(join(basename(folder), name));
    }
  }
  return unknown;
}

async function hasOwnTraces(fileSystem: FileSystem, layout: Layout): Promise<boolean> {
  const claims = await namesIn(fileSystem, layout.epochs);
  if (claims.some((name) => /^\d{8}$/.test(name))) return true;
  const segments = await namesIn(fileSystem, layout.journal);
  return segments.some((name) => parseSegmentName(name) !== undefined);
}

/** Many programs keep a `manifest.json`: without any other trace of ours, it must at least look like one. */
async function hasForeignManifest(fileSystem: FileSystem, layout: Layout): Promise<boolean> {
  if (await hasOwnTraces(fileSystem, layout)) return false;
  const bytes = await fileSystem.readFile(join(layout.root, "manifest.json"));
  return !bytes.includes('"storeId"');
}

async function namesIn(fileSystem: FileSystem, path: string): Promise<string[]> {
  return (await entriesIfPresent(fileSystem, path)).map(({ name }) => name);
}

function foreign(layout: Layout, why: string): HoldfastError {
  return new HoldfastError(
    "INVALID_CONFIG",
    `${layout.root} is not a Holdfast state directory: ${why}. Name an empty or a new directory; this one was left as it is.`,
    { details: { directory: layout.root } },
  );
}
