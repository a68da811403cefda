import { expect, test } from "vitest";
import type { Change, Store } from "../../src/collections/index.js";
import {
  Replay,
  replayCountersCollection,
  replayRecordsCollection,
  replayTotalsCollection,
} from "../../src/surfaces/replay/index.js";
import { record } from "./replay-samples.js";
import { stateDirectoryUnderTest } from "./store-under-test.js";

/** Every commit there has been, from the first. */
async function commitsOf(store: Store): Promise<Change[]> {
  const commits: Change[] = [];
  const last = store.lastSequence;
  for await (const change of store.changes({ since: 0 })) {
    commits.push(change);
    if (change.sequence >= last) break;
  }
  return commits;
}

test("every commit that changes how many records there are brings the counters and totals with it", async () => {
  await using underTest = await stateDirectoryUnderTest();
  const { store } = underTest;
  const replay = new Replay(store);
  await replay.add(record("a", { lifecycle_state: "completed" }));
  await Promise.all(["b", "c", "d"].map((id) => replay.add(record(id, { recipe: id }))));
  await replay.delete("b");
  let recorded = 0;
  for (const { sequence, operations } of await commitsOf(store)) {
    const touched = new Set(operations.map(({ collection }) => collection));
    if (!touched.has(replayRecordsCollection.name)) continue;
    recorded += 1;
    const isWhole = touched.has(replayCountersCollection.name) && touched.has(replayTotalsCollection.name);
    expect([sequence, isWhole]).toEqual([sequence, true]);
  }
  expect(recorded).toBeGreaterThanOrEqual(3);
});
