import { expect, test } from "vitest";
import { mergePacks, type Pack } from "../../src/packs/index.js";
import { PackSet } from "../../src/store/pack-set.js";
import { noColumns, openPack, packOf, targetOf, type ModelDocument } from "../packs/model.js";
import { rejectionOf } from "../support/rejection.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const document: ModelDocument = {
  id: "one",
  sequence: 1,
  createdSequence: 1,
  createdIndex: 0,
  expiresAtMs: Infinity,
  schemaVersion: 1,
  deleted: false,
  keys: [],
};

test.each<[string, (directory: string, packs: readonly Pack[]) => Promise<unknown>]>([
  ["use of them", (_directory, packs) => new PackSet(packs, 0).use(() => Promise.resolve())],
  [
    "a merge of them",
    (directory, packs) => mergePacks(targetOf(directory, noColumns, 1, 6), packs, { dropTombstones: false }),
  ],
])("packs of which one is closed already stay open for nobody after %s was refused", async (_what, use) => {
  await using folder = await temporaryFolder();
  const packs: Pack[] = [];
  for (const lo of [1, 3, 5]) {
    const target = targetOf(folder.path, noColumns, lo, lo + 1);
    await packOf(target, [document]);
    packs.push(await openPack(target));
  }
  const [first, second, third] = packs as [Pack, Pack, Pack];
  await second.retire();
  expect((await rejectionOf(use(folder.path, packs))).code).toBe("CLOSED");
  for (const pack of [first, third]) {
    const retired = pack.retire();
    // Closed at once: nobody retains it.
    expect(() => pack.find("one")).toThrow(expect.objectContaining({ code: "CLOSED" }) as Error);
    await retired;
  }
});
