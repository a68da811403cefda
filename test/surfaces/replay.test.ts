import { expect, test } from "vitest";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { Replay } from "../../src/surfaces/replay/index.js";
import { eventually } from "../support/eventually.js";
import { countedDisk } from "../support/small-disk.js";
import { replayContract } from "./replay-contract.js";
import { at, countersAndRecount, day, record, second, start } from "./replay-samples.js";
import { stateDirectoryUnderTest } from "./store-under-test.js";

replayContract("the state directory", stateDirectoryUnderTest);

test("on a disk that is really full, records can be read, deleted and expired, and adding goes on with the space", async () => {
  await using disk = await countedDisk();
  await using state = await openStateDirectory({
    directory: disk.directory,
    environment: { fileSystem: disk.fileSystem },
    firstSegmentBytes: 256 * 1024,
    segmentBytes: 256 * 1024,
    deleteReserveBytes: 32 * 1024,
    checkpointBytes: 256 * 1024,
    journalLimitBytes: 512 * 1024,
    journalRetainBytes: 512 * 1024,
  });
  const clock = { ms: start };
  const replay = new Replay(state, { now: () => clock.ms, retention: { timeToLiveMs: day } });
  const body = "x".repeat(2_000);
  for (let number = 0; number < 10; number += 1) {
    await replay.add(record(`r${number}`, { timestamp: at(number), session_id: `s${number % 2}`, request_body: body }));
  }
  await disk.fill();
  let [added, refusal] = [10, undefined as unknown];
  while (refusal === undefined) {
    try {
      await replay.add(record(`more${added}`, { timestamp: at(100), request_body: body }));
      added += 1;
    } catch (error) {
      refusal = error;
    }
  }
  expect(refusal).toMatchObject({ code: "STORAGE_FULL" });
  expect(state.condition.state).toBe("full");
  expect(replay.counters.dropped).toBe(1);

  expect(await replay.deleteSession("s1")).toBe(5);
  clock.ms = start + day + 4 * second;
  await replay.maintain({ signal: new AbortController().signal });
  const left = added - 5 - 3;
  expect(await replay.list()).toMatchObject({ total: left });
  expect(await replay.aggregate()).toMatchObject({ recordCount: left, lifecycle: { in_progress: left } });

  expect(state.condition.state).toBe("full");

  await disk.free();
  await eventually("writing resumes by itself", () => state.condition.state === "open");
  await replay.add(record("after", { timestamp: at(200) }));
  const { kept, counted } = await countersAndRecount(state);
  expect(kept).toEqual(counted);
  expect(await replay.aggregate()).toMatchObject({ recordCount: left + 1 });
  expect(replay.counters.recounts).toBe(1);
});

test("a reader beside the owner lists and adds up the same, and can change nothing", async () => {
  await using under = await stateDirectoryUnderTest();
  const now = (): number => start + 10 * second;
  const replay = new Replay(under.store, { now });
  for (let number = 0; number < 5; number += 1) await replay.add(record(`r${number}`, { selected_model: "m" }));
  await using reader = await openStateDirectory({ directory: under.directory, mode: "reader" });
  const beside = new Replay(reader, { now, retention: { timeToLiveMs: 60 * second } });
  expect(await beside.list({ model: "m" })).toMatchObject({ total: 5, records: [{ id: "r4" }, {}, {}, {}, {}] });
  expect(await beside.aggregate()).toEqual(await replay.aggregate());
  // What has expired is left out without being removed.
  const later = new Replay(reader, { now: () => start + day, retention: { timeToLiveMs: 60 * second } });
  expect(await later.list()).toMatchObject({ total: 0, records: [] });
  expect(await later.aggregate()).toMatchObject({ recordCount: 0 });
  await expect(beside.add(record("more"))).rejects.toMatchObject({ code: "READ_ONLY" });
});
