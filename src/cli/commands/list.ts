import { Command } from "commander";
import type { Collection, Document, DocumentHead } from "../../collections/index.js";
import { isHoldfastError } from "../../errors.js";
import type { StateDirectory } from "../../open-state-directory.js";
import { checkCollectionName, existingCollection } from "../collection-of.js";
import type { Bind, Invocation } from "../invocation.js";
import { openForReading } from "../open-state.js";
import { printable } from "../printable.js";
import { grouped } from "../render/quantity.js";
import { table } from "../render/table.js";

/** Documents read at a time: bounds memory, and how long a page keeps the process busy. */
const pageLimit = 500;

export function listCommand(bind: Bind): Command {
  return new Command("ls")
    .summary("list the collections, or the documents of one")
    .description("Lists the collections, or the documents of one in the order of their creation. Takes no lock.")
    .argument("[collection]", "the collection whose documents to list")
    .action(
      bind(async (invocation, _options: object, name: string | undefined) => {
        if (name !== undefined) checkCollectionName(name);
        const { config } = await invocation.loadConfig();
        await using state = await openForReading(invocation, config);
        if (name === undefined) await listCollections(invocation, state);
        else await listDocuments(invocation, existingCollection(state, name));
        return "done";
      }),
    );
}

async function listCollections({ output }: Invocation, state: StateDirectory): Promise<void> {
  const counts: { name: string; documents: number }[] = [];
  for (const name of state.collectionNames()) {
    counts.push({ name, documents: await existingCollection(state, name).count() });
  }
  if (output.json) {
    for (const count of counts) output.result(count, () => []);
  } else {
    const rows = counts.map(({ name, documents }) => [printable(name), grouped(documents)]);
    output.result(counts, () => table([["COLLECTION", "DOCUMENTS"], ...rows], [1]));
  }
}

async function listDocuments({ output }: Invocation, collection: Collection<unknown>): Promise<void> {
  let heading = true;
  for await (const page of pagesOf(collection, output.abandoned)) {
    if (output.json) {
      for (const document of page) output.result(headOf(document), () => []);
      continue;
    }
    const rows = page.map(({ id, revision, updatedAt, expiresAt }) => [
      printable(id),
      grouped(revision),
      printable(updatedAt),
      printable(expiresAt ?? "-"),
    ]);
    const lines = table([["ID", "REVISION", "UPDATED", "EXPIRES"], ...rows], [1]);
    output.result(page, () => (heading ? lines : lines.slice(1)));
    heading = false;
  }
}

/** All documents page by page, until nobody reads the result any more. */
async function* pagesOf(collection: Collection<unknown>, abandoned: AbortSignal): AsyncGenerator<Document<unknown>[]> {
  let cursors: string[] = [];
  while (!abandoned.aborted) {
    const { documents, hasMore } = await pageBehind(collection, cursors);
    yield documents;
    if (!hasMore) return;
    cursors = documents.map(({ id }) => id);
  }
}

/**
 * The page behind the last of the ids that still exists: a writer may delete documents while they are listed, the one
 * a page ended with included.
 */
async function pageBehind(
  collection: Collection<unknown>,
  cursors: readonly string[],
): ReturnType<Collection<unknown>["list"]> {
  for (const after of cursors.toReversed()) {
    try {
      return await collection.list({ limit: pageLimit, after });
    } catch (error) {
      if (!isHoldfastError(error, "INVALID_CURSOR") || after === cursors[0]) throw error;
    }
  }
  return await collection.list({ limit: pageLimit });
}

function headOf({ id, revision, sequence, createdAt, updatedAt, expiresAt }: Document<unknown>): DocumentHead {
  return { id, revision, sequence, createdAt, updatedAt, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
