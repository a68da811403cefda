import { expect, test } from "vitest";
import { ClockCache, type Pack } from "../../src/packs/index.js";
import { CollectionState } from "../../src/store/collection-state.js";
import { PackSet } from "../../src/store/pack-set.js";
import { collection, noColumns, openPack, packOf, targetOf, type ModelDocument } from "../packs/model.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const model = Array.from({ length: 40 }, (_, index): ModelDocument => {
  const sequence = index + 1;
  return {
    id: `n${String(index).padStart(2, "0")}`,
    sequence,
    createdSequence: sequence,
    createdIndex: 0,
    expiresAtMs: Infinity,
    schemaVersion: 1,
    deleted: false,
    keys: [],
  };
});

/** A collection whose documents are all in one pack, and have never been read. */
async function packedCollection(cacheBytes: number) {
  const folder = await temporaryFolder();
  const target = targetOf(folder.path, noColumns);
  await packOf(target, model);
  const pack: Pack = await openPack(target, new ClockCache(1_000_000));
  const cache = new ClockCache(cacheBytes);
  const state = new CollectionState(collection, cache);
  state.begin(new PackSet([pack], model.length));
  return {
    state,
    cache,
    async [Symbol.asyncDispose](): Promise<void> {
      await pack.retire();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("documents of a pack that the cache has room for are kept as they are read", async () => {
  await using packed = await packedCollection(1_000_000);
  const { state, cache } = packed;
  for (const { id } of model) expect(state.find(id)).toBe(state.find(id));
  expect(cache.bytes).toBeGreaterThan(model.length * 1000);
});

test("of a pack that it has no room for, those are kept that are read again", async () => {
  await using packed = await packedCollection(20_000);
  const { state, cache } = packed;
  const [once, again] = ["n07", "n08"] as const;
  const first = state.find(once);
  const second = state.find(again);
  expect(first).toMatchObject({ id: once, sequence: 8 });
  expect(cache.bytes).toBe(0);
  const kept = state.find(again);
  expect(kept).toEqual(second);
  expect(state.find(again)).toBe(kept);
  expect(cache.bytes).toBeGreaterThan(1000);
  expect(cache.bytes).toBeLessThan(2000);
});

test("a document that is read by two who did not know of each other is kept once", async () => {
  await using packed = await packedCollection(1_000_000);
  const { state, cache } = packed;
  const listed = [...state.walk({ direction: "asc" })];
  for (const { id } of model) state.find(id);
  const { bytes } = cache;
  for (const each of listed) expect(state.versionOf(each)).toEqual(state.find(each.id));
  expect(cache.bytes).toBe(bytes);
  state.forgetRead();
  expect(cache.bytes).toBe(0);
});
