import type { Transaction } from "../collections/index.js";
import {
  replayCountersCollection,
  replayTotalsCollection,
  totalsId,
} from "../surfaces/replay/replay-counter-document.js";
import { replayRecordsCollection } from "../surfaces/replay/replay-document.js";
import { startupTransitions } from "../surfaces/startup/index.js";
import { importMarks } from "../surfaces/imports/index.js";

/**
 * Collections of which an import takes nothing, and why. Counters are right only beside exactly the records they were
 * counted from; they are counted anew. The rest is about the directory that was exported, not about what it held.
 */
export const leftOut: ReadonlyMap<string, string> = new Map([
  [replayCountersCollection.name, "counted anew from the records"],
  [replayTotalsCollection.name, "counted anew from the records"],
  [startupTransitions.name, "tells of the processes of the other directory"],
  [importMarks.name, "tells of imports into the other directory"],
]);

/**
 * To be called in each transaction that writes documents of a collection past its surface.
 *
 * Replay records are counted in the transaction that writes them, by their surface. Here they are not; so the word that
 * the counters are exact goes in the same transaction, and the surface counts anew when it next puts itself in order:
 * when the directory is opened, after a crash of this import too.
 */
export async function beforeWriting(transaction: Transaction, collections: ReadonlySet<string>): Promise<void> {
  if (collections.has(replayRecordsCollection.name)) {
    await transaction.collection(replayTotalsCollection).delete(totalsId);
  }
}
