import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import lockfile from "proper-lockfile";
import writeFileAtomic from "write-file-atomic";
import type { ResponseBody } from "../documents.js";
import type { Engine, OpenEngine } from "../engine.js";
import { groupsOf } from "./groups-of.js";

interface Stored {
  readonly created: number;
  readonly body: ResponseBody;
}

/** proper-lockfile takes no less. */
const staleMs = 2_000;
const readAtOnce = 64;

/**
 * One JSON file per document, replaced by write-file-atomic, which syncs the file (not its folder), one writer by
 * proper-lockfile. The indexes are kept in memory and made again at each opening.
 */
async function openFiles(directory: string): Promise<OpenEngine> {
  const folder = join(directory, "documents");
  await mkdir(folder, { recursive: true });
  // What a killed process held counts as held until it is stale.
  const release = await lockfile.lock(folder, {
    stale: staleMs,
    retries: { retries: 100, factor: 1, minTimeout: 100, maxTimeout: 100 },
  });
  const pathOf = (id: string): string => join(folder, `${id}.json`);
  const read = async (id: string): Promise<Stored> => JSON.parse(await readFile(pathOf(id), "utf8")) as Stored;

  const ids: string[] = [];
  const byConversation = new Map<string, string[]>();
  const byModel = new Map<string, string[]>();
  const enter = (id: string, { conversation, model }: ResponseBody): void => {
    ids.push(id);
    for (const [index, key] of [
      [byConversation, conversation.id],
      [byModel, model],
    ] as const) {
      const entries = index.get(key);
      if (entries === undefined) index.set(key, [id]);
      else entries.push(id);
    }
  };
  const created = new Map<string, number>();
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const found: { readonly id: string; readonly stored: Stored }[] = [];
  for (const group of groupsOf(names, readAtOnce)) {
    found.push(
      ...(await Promise.all(
        group.map(async (name) => {
          const id = name.slice(0, -".json".length);
          return { id, stored: await read(id) };
        }),
      )),
    );
  }
  for (const { id, stored } of found.sort((a, b) => a.stored.created - b.stored.created)) {
    enter(id, stored.body);
    created.set(id, stored.created);
  }
  const write = async (id: string, body: ResponseBody, fsync: boolean): Promise<void> => {
    const known = created.get(id);
    const order = known ?? created.size + 1;
    created.set(id, order);
    await writeFileAtomic(pathOf(id), JSON.stringify({ created: order, body } satisfies Stored), { fsync });
    if (known === undefined) enter(id, body);
  };
  const bodiesOf = (from: readonly string[], limit: number): Promise<ResponseBody[]> =>
    Promise.all(
      from
        .slice(-limit)
        .reverse()
        .map(async (id) => (await read(id)).body),
    );
  return {
    insert: (id, body) => write(id, body, true),
    replace: (id, body) => write(id, body, true),
    load: async (documents) => {
      for (const group of groupsOf(documents, readAtOnce)) {
        await Promise.all(group.map(({ id, body }) => write(id, body, false)));
      }
    },
    get: async (id) => (created.has(id) ? (await read(id)).body : undefined),
    lists: {
      newest: (limit) => bodiesOf(ids, limit),
      ofConversation: (conversation, limit) => bodiesOf(byConversation.get(conversation) ?? [], limit),
    },
    count: () => Promise.resolve(ids.length),
    figures: () => ({}),
    close: () => release(),
  };
}

export const files: Engine = {
  name: "file per document",
  setting:
    "write-file-atomic (syncs the file, not the folder), proper-lockfile once for the folder, indexes in memory, built at opening",
  kind: "embedded",
  blocking: false,
  durable: true,
  indexed: true,
  largestStore: 10_000,
  open: openFiles,
};
