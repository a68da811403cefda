import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { rejectionOf } from "../support/rejection.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";
import { StateProcess } from "../support/state-process.js";

/** Longer than any test may last: who came in did not come in because this had passed. */
const waitMs = 600_000;

/** Begins to open a directory that is held. @returns the opening, and a promise that resolves once it waits. */
function openWaiting(folder: StateFolder): { opening: Promise<StateDirectory>; waits: Promise<void> } {
  let seen!: () => void;
  const waits = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const opening = folder.open({
    waitMs,
    onProgress: ({ stage }) => {
      if (stage === "waiting") seen();
    },
  });
  return { opening, waits };
}

describe("a directory that a living process holds", () => {
  test("is refused to a second writer, which is told who holds it, where and since when", async () => {
    await using folder = await stateFolder();
    const before = Date.now();
    await using first = await StateProcess.open({ directory: folder.directory });
    await using second = await StateProcess.start();
    const refused = await second.tell({ open: { directory: folder.directory } });
    expect(refused).toMatchObject({ event: "failed", code: "WRITER_LOCKED" });
    expect(refused.details).toMatchObject({ pid: first.pid, host: hostname(), directory: folder.directory, epoch: 1 });
    const since = Date.parse(String(refused.details?.["since"]));
    expect(since).toBeGreaterThanOrEqual(before);
    expect(since).toBeLessThanOrEqual(Date.now());
    for (const told of [String(first.pid), hostname(), String(refused.details?.["since"]), folder.directory]) {
      expect(refused.message).toContain(told);
    }
    console.info(`a second writer was refused after ${Math.round(refused.tookMs ?? 0)} ms`);
    // No wall clock is asserted, but that it did not wait for the lock to become stale, which is after 10 s.
    expect(refused.tookMs).toBeLessThan(5_000);

    await first.do({ insert: { prefix: "after", count: 3 } });
    expect(first.acknowledged).toHaveLength(3);
  });

  test("is refused to the same process too", async () => {
    await using folder = await stateFolder();
    const first = await folder.open();
    const error = await rejectionOf(folder.open());
    expect(error.code).toBe("WRITER_LOCKED");
    expect(error.details).toMatchObject({ pid: process.pid });
    await first.close();
    const again = await folder.open();
    expect(again.epoch).toBe(2);
    expect(again.recovery.takeover).toMatchObject({ how: "released", previousEpoch: 1, previousPid: process.pid });
  });

  test("is refused after a wait that was too short, and the holder goes on", async () => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory });
    const error = await rejectionOf(folder.open({ waitMs: 300 }));
    expect(error.code).toBe("WRITER_LOCKED");
    expect(error.details).toMatchObject({ pid: first.pid });
    await first.do({ insert: { prefix: "after", count: 1 } });
    expect(first.acknowledged).toEqual(["after-1"]);
  });

  test("passes to the one who waits as soon as the holder closes it", async () => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory });
    const { opening, waits } = openWaiting(folder);
    await waits;
    await first.do({ insert: { prefix: "meanwhile", count: 20 } });
    await first.do({ close: true });
    const second = await opening;
    expect(second.recovery.takeover).toMatchObject({ how: "released", previousPid: first.pid, previousEpoch: 1 });
    expect(second.epoch).toBe(2);
  });

  test("passes to the one who waits as soon as the holder is killed", async () => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory });
    await first.do({ insert: { prefix: "meanwhile", count: 20 } });
    const { opening, waits } = openWaiting(folder);
    await waits;
    await first.kill();
    const killed = performance.now();
    const second = await opening;
    console.info(
      `the one who waited had the directory open ${Math.round(performance.now() - killed)} ms after the kill`,
    );
    expect(second.recovery.takeover).toMatchObject({ how: "dead", previousPid: first.pid });
    expect(second.recovery.journal.replayed).toBeGreaterThanOrEqual(20);
  });

  test("passes to one of several who wait, and from it to the next", async () => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory });
    const waiting = new Set<StateProcess>();
    for (let count = 0; count < 3; count += 1) waiting.add(await StateProcess.start());
    try {
      const opening = new Map(
        [...waiting].map((each) => [each, each.do({ open: { directory: folder.directory, waitMs } }).then(() => each)]),
      );
      await first.kill();
      for (let epoch = 2; epoch <= 4; epoch += 1) {
        const owner = await Promise.race(opening.values());
        opening.delete(owner);
        await owner.do({ insert: { prefix: `epoch-${epoch}`, count: 5 } });
        expect(owner.events.find(({ command }) => command === "open")).toMatchObject({ epoch });
        await owner.kill();
      }
    } finally {
      for (const each of waiting) await each[Symbol.asyncDispose]();
    }
  });
});

test("after a SIGKILL the next owner does not wait for anything to become stale", async () => {
  await using folder = await stateFolder();
  for (let epoch = 1; epoch <= 5; epoch += 1) {
    await using owner = await StateProcess.start();
    const { recovery } = await owner.do({ open: { directory: folder.directory, staleAfterMs: waitMs } });
    if (epoch > 1) {
      expect(recovery?.takeover).toMatchObject({ how: "dead", previousEpoch: epoch - 1 });
      expect(recovery?.takeover.waitedMs).toBeLessThan(5_000);
      console.info(`took over after ${recovery?.takeover.waitedMs ?? 0} ms`);
    }
    await owner.do({ insert: { prefix: `epoch-${epoch}`, count: 5 } });
    await owner.kill();
  }
  const last = await folder.open();
  expect(last.recovery.lostSequences).toEqual([]);
});
