import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Layout } from "../../src/files/layout.js";
import { sealJson, unsealJson } from "../../src/files/sealed-json.js";
import { claimName } from "../../src/locking/claim.js";

/** Rewrites a claim as another process, machine or boot would have made it. */
export async function rewriteClaim(layout: Layout, epoch: number, change: object): Promise<void> {
  const path = join(layout.epochs, claimName(epoch));
  const claim = unsealJson(await readFile(path), path);
  delete claim["checksum"];
  await writeFile(path, sealJson({ ...claim, ...change }));
}
