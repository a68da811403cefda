import type OpenAI from "openai";
import type { AcknowledgedVectorStore, Ledger } from "../ledger.js";
import {
  listVectorStores,
  readVectorStore,
  type AttachedFile,
  type ReadVectorStore,
} from "../readings/read-vector-stores.js";

/** Reads an acknowledged vector store back, in which no change is under way: its files, and what it says of them. */
export async function checkVectorStore(
  client: OpenAI,
  ledger: Ledger,
  acknowledged: AcknowledgedVectorStore,
): Promise<void> {
  const read = await readVectorStore(client, acknowledged.id);
  if (read === undefined) {
    ledger.lose(`the acknowledged vector store ${acknowledged.id} is not there`);
    return;
  }
  compareVectorStore(ledger, read, acknowledged);
}

/** Compares what was read of a vector store with what must be there. */
export function compareVectorStore(
  ledger: Ledger,
  { store, files }: ReadVectorStore,
  { id, name, attached }: AcknowledgedVectorStore,
): void {
  const found = new Set(files.map((file) => file.id));
  const missing = [...attached].filter((file) => !found.has(file));
  if (missing.length > 0)
    ledger.lose(`of the vector store ${id}, the attached files ${missing.join(", ")} are not there`);
  const foreign = [...found].filter((file) => !attached.has(file));
  if (foreign.length > 0) ledger.fault(`the vector store ${id} has the files ${foreign.join(", ")}, which it must not`);
  const counted = { file_counts: countsOf(files), usage_bytes: sum(files.map((file) => file.usage_bytes)) };
  const { file_counts, usage_bytes } = store;
  const isCounted = ledger.expectEqual(`the counts of ${id}`, { file_counts, usage_bytes }, counted);
  if (!isCounted) ledger.countMismatches += 1;
  ledger.expectEqual(`the name of ${id}`, store.name, name);
}

/** Checks every acknowledged vector store, those that were deleted, that there are no others, and that their files are. */
export async function checkVectorStores(client: OpenAI, ledger: Ledger): Promise<void> {
  for (const store of ledger.vectorStores.values()) {
    await checkVectorStore(client, ledger, store);
    const lacking = [...store.attached].filter((file) => !ledger.files.has(file));
    if (lacking.length > 0) ledger.fault(`${store.id} should have the files ${lacking.join(", ")}, which are no more`);
  }
  for (const id of ledger.absentVectorStores) {
    ledger.checks += 1;
    if ((await readVectorStore(client, id)) !== undefined) ledger.fault(`the deleted vector store ${id} can be read`);
  }
  const listed = (await listVectorStores(client)).map(({ id }) => id);
  ledger.expectEqual("the list of vector stores", listed.sort(), [...ledger.vectorStores.keys()].sort());
}

function countsOf(files: readonly AttachedFile[]): OpenAI.VectorStores.VectorStore.FileCounts {
  const counts = { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: files.length };
  for (const { status } of files) counts[status] += 1;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
