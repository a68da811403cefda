import { lstat, readdir } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { withoutAbsent } from "./without-absent.js";

interface Size {
  files: number;
  folders: number;
  bytes: number;
}

/** Parts that are a folder of their own. */
const folders = ["blobs", "journal", "quarantine", "epochs"] as const;
/**
 * `documents` are those with a file of their own, `packIndexes` all that stands beside packs, the one that is being
 * written included; `other` is what is in none of the parts.
 */
export type StatePart = (typeof folders)[number] | "documents" | "packs" | "packIndexes" | "other";

export interface StateSize {
  readonly parts: Readonly<Record<StatePart, Size>>;
  readonly collections: number;
  /** The packs, by their paths within the directory. */
  readonly packNames: readonly string[];
}

/** Measures a state directory from outside, file by file. What comes and goes meanwhile may be counted or not. */
export async function sizeOfState(directory: string): Promise<StateSize> {
  const packNames: string[] = [];
  let collections = 0;
  const parts: Record<StatePart, Size> = {
    documents: nothing(),
    packs: nothing(),
    packIndexes: nothing(),
    blobs: nothing(),
    journal: nothing(),
    quarantine: nothing(),
    epochs: nothing(),
    other: nothing(),
  };
  const walk = async (folder: string): Promise<void> => {
    for (const entry of (await withoutAbsent(readdir(folder, { withFileTypes: true }))) ?? []) {
      const path = join(folder, entry.name);
      const name = relative(directory, path);
      const partName = partOf(name);
      const part = parts[partName];
      if (entry.isDirectory()) {
        part.folders += 1;
        if (dirname(name) === "collections") collections += 1;
        await walk(path);
      } else {
        part.files += 1;
        if (partName === "packs") packNames.push(name);
        part.bytes += (await withoutAbsent(lstat(path)))?.size ?? 0;
      }
    }
  };
  await walk(directory);
  return { parts, collections, packNames };
}

function nothing(): Size {
  return { files: 0, folders: 0, bytes: 0 };
}

function partOf(path: string): StatePart {
  const [top = "", , kind] = path.split(sep, 3);
  if (top === "collections") {
    if (kind !== "packs") return "documents";
    return path.endsWith(".pack") ? "packs" : "packIndexes";
  }
  return folders.find((folder) => folder === top) ?? "other";
}
