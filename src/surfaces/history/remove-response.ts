import type { Transaction } from "../../collections/index.js";
import { responseRemovalsCollection, type ResponseRemoval } from "./removal-document.js";
import { responsesCollection } from "./response-document.js";

/** How long after its removal a response is still known to have been removed, and by what clock. */
export interface RemovalMemory {
  readonly timeToLiveMs: number;
  readonly now: () => number;
}

/**
 * Removes a response and leaves the reason behind, in one transaction: no chain finds it gone without one.
 *
 * @param deletesOnly leaves no reason behind, because the disk is full: chains then call the response missing.
 */
export async function removeResponse(
  transaction: Transaction,
  id: string,
  reason: ResponseRemoval["reason"],
  memory: RemovalMemory,
  deletesOnly: boolean,
): Promise<void> {
  await transaction.collection(responsesCollection).delete(id);
  if (deletesOnly) return;
  await transaction
    .collection(responseRemovalsCollection)
    .put(id, { reason }, { expiresAt: new Date(memory.now() + memory.timeToLiveMs) });
}
