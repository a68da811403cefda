import { join, relative } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { claimName, listClaims, readClaim } from "../locking/claim.js";
import type { Quarantine } from "./quarantine.js";
import type { Damage } from "./recovery-report.js";

/**
 * Sets aside claims of earlier owners that can not be read; they told who held the directory, and cost nothing else.
 *
 * An owner that slept through several successions must miss its own claim before it could miss the next one (see
 * `fenceOf`): so all that are older go first, oldest first.
 *
 * @param epoch our own.
 */
export async function repairClaims(
  fileSystem: FileSystem,
  layout: Layout,
  quarantine: Quarantine,
  epoch: number,
): Promise<Damage[]> {
  const earlier = (await listClaims(fileSystem, layout.epochs)).filter((claim) => claim < epoch);
  const damaged = new Set<number>();
  for (const claim of earlier) {
    if ((await readClaim(fileSystem, layout.epochs, claim)) === "damaged") damaged.add(claim);
  }
  const newest = Math.max(0, ...damaged);
  const damage: Damage[] = [];
  for (const claim of earlier.filter((candidate) => candidate <= newest)) {
    const path = join(layout.epochs, claimName(claim));
    if (!damaged.has(claim)) {
      await fileSystem.remove(path);
      continue;
    }
    const detail = "the claim can not be read";
    const quarantined = await quarantine.move(path, "claim-damaged", detail);
    damage.push({ file: relative(layout.root, path), kind: "claim", detail, quarantined, repaired: true });
  }
  if (newest > 0) await fileSystem.syncDirectory(layout.epochs);
  return damage;
}
