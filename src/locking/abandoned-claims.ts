import type { Claim } from "./claim.js";

/**
 * Claims that this process made and does not stand behind: taking the directory failed after the claim was there, or
 * leaving it could not be written down, as on a disk that takes nothing any more. The process lives, so the kernel would
 * say of each that its holder does; only the process itself knows better. For others it ends with the process.
 *
 * The claim is not removed instead: by then another may have claimed on top of it, and it is what fences the owner before.
 */
const abandoned = new Set<string>();

export function abandonClaim(claim: Claim): void {
  abandoned.add(keyOf(claim));
}

export function isAbandoned(claim: Claim): boolean {
  return abandoned.has(keyOf(claim));
}

/** No two claims are alike: pid, time and the name of a socket are among what they say. */
function keyOf({ storeId, epoch, pid, processStart, claimedAt, socket }: Claim): string {
  return JSON.stringify([storeId, epoch, pid, processStart, claimedAt, socket?.name, socket?.inode]);
}
