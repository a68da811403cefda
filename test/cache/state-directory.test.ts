import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openCache, responseCacheKey, retrievalCacheKey } from "../../src/cache/index.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { stateFolder } from "../support/state-folder.js";

const cached = "only-in-the-cache-7f3c9a51e2";
const stored = "in-the-state-directory-0b6d4e88c1";

test("no byte of a cache is ever in the state directory", async () => {
  await using folder = await stateFolder();
  const state = await folder.open();
  await using answers = await openCache<{ text: string }>({ name: "answers" });
  await using contexts = await openCache<string[]>({ name: "contexts" });
  const request = { input: cached };
  const keys = [
    responseCacheKey({ namespace: cached }, request),
    retrievalCacheKey({ backend: "memory", vectorStore: "vs_1", query: cached, topK: 3 }),
    cached,
  ] as const;

  // What a router does in a turn: look, answer, keep the answer in the cache, and the turn in the directory.
  for (const key of keys) {
    await answers.getOrCompute(key, () => Promise.resolve({ text: cached }));
    await contexts.set(key, [cached]);
    await record(state, `resp_${keys.indexOf(key)}`);
    expect(await answers.get(key)).toEqual({ text: cached });
  }
  await expectOnlyStored(folder.directory, keys);
  await state.checkpoint();
  await expectOnlyStored(folder.directory, keys);
  await state.close();
  await expectOnlyStored(folder.directory, keys);
});

/** The search must be able to find something: what the directory does keep is found, what is in the cache is not. */
async function expectOnlyStored(directory: string, keys: readonly string[]): Promise<void> {
  const contents = await Promise.all((await filesBelow(directory, /(?:)/)).map((path) => readFile(path)));
  const found = (text: string): boolean => contents.some((bytes) => bytes.includes(text));
  expect(found(stored)).toBe(true);
  expect([cached, ...keys].filter(found)).toEqual([]);
}

async function record(state: StateDirectory, id: string): Promise<void> {
  await state.responses.record({
    response: { id, object: "response", created_at: 1, status: "completed", output: [] },
    input: stored,
  });
}
