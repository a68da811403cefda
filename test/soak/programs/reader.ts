/**
 * Reads a state directory from its first moment to the end of a soak, whoever writes to it: follows every change, checks
 * that none is missing, none comes twice and pairs come in pairs, pages through all collections again and again, and
 * tells over its channel what is in the documents it is asked for.
 *
 *     reader.js <directory>
 */
import { setTimeout } from "node:timers/promises";
import { isHoldfastError, openStateDirectory, type Change } from "holdfast";
import { digestOf } from "../../kill/account.js";
import { left, ownCollections, right } from "../../kill/collections.js";
import { isReadingQuestion, type ReaderNews, type ReadingAnswer, type ReadingQuestion } from "../processes/reading.js";

const [directory = ""] = process.argv.slice(2);
const newsMs = 500;
const listMs = 200;
const documentsPerPage = 50;
/** A reader converges within a second; who needs more than this has lost its way. */
const patienceMs = 30_000;

const state = await openStateDirectory({ directory, mode: "reader", collections: ownCollections });
const stopping = new AbortController();
process.once("SIGTERM", () => {
  stopping.abort();
});
const { signal } = stopping;
const isOver = (): boolean => signal.aborted;
let changes = 0;
let resumed = 0;
let lists = 0;
let wrong: string[] = [];

async function follow(): Promise<void> {
  let last = state.lastSequence;
  while (!isOver()) {
    try {
      for await (const change of state.changes({ since: last, signal })) {
        if (change.sequence !== last + 1) wrong.push(`after change ${last} comes ${change.sequence}`);
        last = change.sequence;
        changes += 1;
        checkPairs(change);
      }
    } catch (error) {
      if (isOver()) return;
      // The journal was shortened faster than this process got to run; that is said, and allowed.
      if (!isHoldfastError(error, "COMPACTED")) throw error;
      resumed += 1;
      last = state.lastSequence;
    }
  }
}

/** What is written together must come together, with the same text. */
function checkPairs({ sequence, operations }: Change): void {
  const texts = [left, right].map(({ name }) =>
    operations
      .filter(({ collection }) => collection === name)
      .map((operation) => (operation.type === "put" ? digestOf(operation.body) : "deleted")),
  );
  if (JSON.stringify(texts[0]) !== JSON.stringify(texts[1])) wrong.push(`the pair in change ${sequence} is not whole`);
}

async function listAll(): Promise<void> {
  while (!isOver()) {
    for (const name of state.collectionNames()) {
      const collection = state.collectionNamed(name);
      let after: string | undefined;
      do {
        const options = { limit: documentsPerPage, ...(after === undefined ? {} : { after }) };
        try {
          const page = await collection?.list(options);
          after = page?.hasMore === true ? page.documents.at(-1)?.id : undefined;
        } catch (error) {
          // The document behind which the next page begins was deleted meanwhile.
          if (!isHoldfastError(error, "INVALID_CURSOR")) throw error;
          after = undefined;
        }
      } while (after !== undefined);
      lists += 1;
    }
    await rest(listMs);
  }
}

async function tellNews(): Promise<void> {
  while (!isOver()) {
    const documents = Object.values(state.metrics.documents).reduce((sum, count) => sum + count, 0);
    const news: ReaderNews = { news: { documents, changes, resumed, lists, wrong } };
    wrong = [];
    process.send?.(news);
    await rest(newsMs);
  }
}

async function answer({ reading, sequence, documents }: ReadingQuestion): Promise<ReadingAnswer> {
  const deadline = Date.now() + patienceMs;
  while (state.lastSequence < sequence) {
    if (Date.now() > deadline) return { reading };
    await setTimeout(10);
  }
  const digests: (string | null)[] = [];
  for (const { collection, id } of documents) {
    const document = await state.collectionNamed(collection)?.get(id);
    digests.push(document === undefined ? null : digestOf(document.body));
  }
  return { reading, digests };
}

async function rest(milliseconds: number): Promise<void> {
  // Woken early when it is over, which is what the caller looks at next.
  await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);
}

process.on("message", (message) => {
  if (!isReadingQuestion(message)) return;
  answer(message).then(
    (told) => process.send?.(told),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.stdout.write("opened\n");
await Promise.all([follow(), listAll(), tellNews()]);
await state.close();
