import { createHash } from "node:crypto";
import type OpenAI from "openai";
import type { Ledger } from "../ledger.js";
import { listFiles, readContent, readFile } from "../readings/read-files.js";

/** Reads an acknowledged file back, and compares what is said of it and every byte. */
export async function checkFile(client: OpenAI, ledger: Ledger, id: string): Promise<void> {
  const acknowledged = ledger.files.get(id);
  // It may have been deleted, on purpose, between being chosen and being checked.
  if (acknowledged === undefined) return;
  const file = await readFile(client, id);
  const content = await readContent(client, id);
  if (!ledger.files.has(id)) return;
  if (file === undefined || content === undefined) {
    ledger.lose(`the ${file === undefined ? "" : "bytes of the "}acknowledged file ${id} are not there`);
    return;
  }
  ledger.expectEqual(`file ${id}`, file, acknowledged.file);
  ledger.expectEqual(`the bytes of ${id}`, factsOf(content), factsOf(acknowledged.bytes));
}

/** What was deleted has neither a record nor bytes. */
export async function checkFileAbsent(client: OpenAI, ledger: Ledger, id: string): Promise<void> {
  ledger.checks += 1;
  if ((await readFile(client, id)) !== undefined) ledger.fault(`the deleted file ${id} can be read`);
  if ((await readContent(client, id)) !== undefined) ledger.fault(`the deleted file ${id} can be downloaded`);
}

/** Checks every acknowledged file, those that were deleted, and that there are no others. */
export async function checkFiles(client: OpenAI, ledger: Ledger): Promise<void> {
  for (const id of ledger.files.keys()) await checkFile(client, ledger, id);
  for (const id of ledger.absentFiles) await checkFileAbsent(client, ledger, id);
  const listed = (await listFiles(client)).map(({ id }) => id);
  ledger.expectEqual("the list of files", listed.sort(), [...ledger.files.keys()].sort());
}

/** Two files with the same facts have the same bytes; a report of them stays short. */
function factsOf(bytes: Buffer): { readonly length: number; readonly sha256: string } {
  return { length: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}
