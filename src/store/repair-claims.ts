import { join, relative } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { replaceFileDurably } from "../files/replace-file.js";
import { sealJson } from "../files/sealed-json.js";
import { claimName, claimOfNobody, listClaims, readClaim, type Claim } from "../locking/claim.js";
import type { Quarantine } from "./quarantine.js";
import type { Damage } from "./recovery-report.js";

/**
 * Puts claims that name nobody in the place of those of earlier owners that can not be read. They told who held the
 * directory, and that is lost; but that there *is* a claim of that number is what fences the owner before it (see
 * `fenceOf`), so the name is never without a file.
 *
 * @param own our own claim: only those before it are looked at, and nobody is judged by them any more.
 */
export async function repairClaims(
  fileSystem: FileSystem,
  layout: Layout,
  quarantine: Quarantine,
  own: Claim,
  storeId: string,
): Promise<Damage[]> {
  const damage: Damage[] = [];
  for (const epoch of await listClaims(fileSystem, layout.epochs)) {
    if (epoch >= own.epoch || (await readClaim(fileSystem, layout.epochs, epoch)) !== "damaged") continue;
    const path = join(layout.epochs, claimName(epoch));
    const detail = "the claim can not be read";
    const quarantined = await quarantine.keep(await fileSystem.readFile(path), path, 0, "claim-damaged", detail);
    const nobody = claimOfNobody(storeId, epoch, own.claimedAt);
    await replaceFileDurably(fileSystem, path, sealJson(nobody));
    damage.push({ file: relative(layout.root, path), kind: "claim", detail, quarantined, repaired: true });
  }
  return damage;
}
