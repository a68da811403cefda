import { randomUUID } from "node:crypto";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { replaceFileDurably } from "../files/replace-file.js";
import { sealJson } from "../files/sealed-json.js";
import type { DirectoryLock } from "../locking/directory-lock.js";
import { version } from "../version.js";
import { directoryFormat, manifestSchema, readSealed } from "./manifest.js";
import type { Quarantine } from "./quarantine.js";
import type { Damage } from "./recovery-report.js";

export interface StoreIdentity {
  /** `undefined` if neither the manifest nor a claim says it: the journal may. */
  readonly storeId: string | undefined;
  readonly isNew: boolean;
  /** Whether the manifest has to be written anew. */
  readonly rewrite: boolean;
  readonly damage: readonly Damage[];
}

/** Whose directory this is. A lost manifest is written anew from what the claims and the journal say. */
export async function identifyStore(
  fileSystem: FileSystem,
  layout: Layout,
  lock: DirectoryLock,
  quarantine: Quarantine,
  now: Date,
): Promise<StoreIdentity> {
  const manifest = await readSealed(fileSystem, layout.manifest, manifestSchema);
  if (manifest.state === "present")
    return { storeId: manifest.content.storeId, isNew: false, rewrite: false, damage: [] };
  const claimed = lock.takeover.previous?.storeId ?? undefined;
  if (manifest.state === "damaged") {
    const quarantined = await quarantine.move(layout.manifest, "manifest-damaged", manifest.error.message);
    const damage: Damage = {
      file: "manifest.json",
      kind: "manifest",
      detail: manifest.error.message,
      quarantined,
      repaired: true,
    };
    return { storeId: claimed, isNew: false, rewrite: true, damage: [damage] };
  }
  const segments = await fileSystem.readDirectory(layout.journal);
  const collections = await fileSystem.readDirectory(layout.collections);
  if (segments.length === 0 && collections.length === 0) {
    // The first thing a new directory gets: from here on it can be told to be ours.
    const storeId = randomUUID();
    await writeManifest(fileSystem, layout, storeId, now);
    return { storeId, isNew: true, rewrite: false, damage: [] };
  }
  const damage: Damage = { file: "manifest.json", kind: "manifest", detail: "the file is missing", repaired: true };
  return { storeId: claimed, isNew: false, rewrite: true, damage: [damage] };
}

export async function writeManifest(fileSystem: FileSystem, layout: Layout, storeId: string, now: Date): Promise<void> {
  const manifest = { format: directoryFormat, storeId, createdAt: now.toISOString(), createdBy: `holdfast ${version}` };
  await replaceFileDurably(fileSystem, layout.manifest, sealJson(manifest));
}
