import { readdir, rm, writeFile } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isHoldfastError, type HoldfastError } from "../../src/errors.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { claimName } from "../../src/locking/claim.js";
import { eventually } from "../support/eventually.js";
import { rejectionOf, thrownBy } from "../support/rejection.js";
import { StateProcess } from "../support/state-process.js";
import { Gate, lockFolder } from "./lock-under-test.js";

/** More successions than claims are kept. */
const manySuccessions = 80;

describe("a claim", () => {
  test("made so late that its number had been given back does not make an owner", async () => {
    await using folder = await lockFolder();
    await (await folder.acquire()).release();
    const gate = new Gate((operation, path) => operation === "link" && path.endsWith(claimName(2)));
    const late = folder.acquire({ fileSystem: gate.fileSystem() });
    await gate.reached;
    for (let count = 0; count < manySuccessions; count += 1) await (await folder.acquire()).release();
    expect(await readdir(folder.layout.epochs)).not.toContain(claimName(2));
    gate.open();
    const owner = await late;
    expect(owner.claim.epoch).toBe(manySuccessions + 2);
    expect(() => {
      owner.checkFence();
    }).not.toThrow();
    expect(await readdir(folder.layout.epochs)).not.toContain(claimName(2));
  });

  test("made so late while another owns the directory ends in WRITER_LOCKED, and the owner keeps it", async () => {
    await using folder = await lockFolder();
    await (await folder.acquire()).release();
    const gate = new Gate((operation, path) => operation === "link" && path.endsWith(claimName(2)));
    const late = rejectionOf(folder.acquire({ fileSystem: gate.fileSystem() }));
    await gate.reached;
    for (let count = 0; count < manySuccessions; count += 1) await (await folder.acquire()).release();
    const owner = await folder.acquire();
    gate.open();
    expect((await late).code).toBe("WRITER_LOCKED");
    expect(() => {
      owner.checkFence();
    }).not.toThrow();
  });

  test("is only one of many made at the same time", async () => {
    await using folder = await lockFolder();
    for (let round = 1; round <= 20; round += 1) {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => folder.acquire()));
      const owners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
      expect(owners.map(({ claim }) => claim.epoch)).toEqual([round]);
      expect(reasons.filter((reason) => !isHoldfastError(reason, "WRITER_LOCKED"))).toEqual([]);
      // Those who lost leave nothing behind.
      expect((await readdir(folder.layout.status)).sort()).toEqual(["alive.sock"]);
      expect((await readdir(folder.layout.epochs)).filter((name) => !/^\d{8}$/.test(name))).toEqual([]);
      await owners[0]?.release();
    }
  });

  test("is higher than every one before, also when all claims were removed by hand", async () => {
    await using folder = await lockFolder();
    for (let count = 0; count < 5; count += 1) await (await folder.acquire()).release();
    await rm(folder.layout.epochs, { recursive: true });
    const next = await folder.acquire();
    expect(next.claim.epoch).toBe(6);
    expect(next.takeover.how).toBe("released");
    await next.release();
    await rm(folder.layout.epochs, { recursive: true });
    await rm(folder.layout.writer);
    expect((await folder.acquire({ leastEpoch: 6 })).claim.epoch).toBe(7);
  });

  test("that was removed by hand leaves its owner known by its socket", async () => {
    await using folder = await lockFolder();
    const owner = await folder.acquire();
    await rm(folder.layout.epochs, { recursive: true });
    expect((await rejectionOf(folder.acquire())).code).toBe("WRITER_LOCKED");
    // Nobody can tell whether someone claimed after it.
    expect(
      thrownBy(() => {
        owner.checkFence();
      }).code,
    ).toBe("WRITER_FENCED");
  });
});

describe("an owner", () => {
  test("that could not show itself gives the directory back", async () => {
    await using folder = await lockFolder();
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    const failing = {
      ...nodeFileSystem,
      rename: (from: string, to: string) =>
        to === folder.layout.writer ? Promise.reject(full) : nodeFileSystem.rename(from, to),
    };
    await expect(folder.acquire({ fileSystem: failing })).rejects.toBe(full);
    const next = await folder.acquire();
    expect(next.claim.epoch).toBe(2);
  });

  test("hears that it lost the directory, also if it asks only afterwards", async () => {
    await using folder = await lockFolder();
    const owner = await folder.acquire({ heartbeatMs: 10 });
    await writeFile(join(folder.layout.epochs, claimName(2)), "");
    // Two more beats at least.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const heard = new Promise<HoldfastError>((resolve) => {
      owner.onLost(resolve);
    });
    expect((await heard).code).toBe("WRITER_FENCED");
  });

  test("goes on showing that it lives after a look at the fence failed", async () => {
    await using folder = await lockFolder();
    let failures = 0;
    const flaky = {
      ...nodeFileSystem,
      existsNow(path: string) {
        if (failures < 2) {
          failures += 1;
          throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
        }
        return nodeFileSystem.existsNow(path);
      },
    };
    await folder.acquire({ heartbeatMs: 10, fileSystem: flaky });
    await eventually("two failures", () => failures === 2);
    const before = (await nodeFileSystem.status(folder.layout.writerLock))?.modifiedAtMs ?? 0;
    await eventually("another beat", async () => {
      return ((await nodeFileSystem.status(folder.layout.writerLock))?.modifiedAtMs ?? 0) > before;
    });
  });
});

/** A holder without a sign of life for so long may be taken over by those who ask for it. */
const paused = { staleAfterMs: 50, takeOver: "paused" as const };
const silent = { heartbeatMs: 600_000 };
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120));

describe("an owner that was taken over while it lived", () => {
  test("is known to be gone only when it is", async () => {
    await using folder = await lockFolder();
    const first = await folder.acquire(silent);
    await pause();
    const second = await folder.acquire(paused);
    expect(second.takeover).toMatchObject({ how: "paused", previousEpoch: 1 });
    let gone = false;
    const waiting = second.takeover.predecessorGone?.then(() => {
      gone = true;
    });
    expect(waiting).toBeDefined();
    await pause();
    expect(gone).toBe(false);
    await first.release();
    await waiting;
    expect(await readdir(folder.layout.status)).toEqual(["alive.sock"]);
  });

  test("is waited for by the successors of its successor too", async () => {
    await using folder = await lockFolder();
    const first = await folder.acquire(silent);
    await pause();
    const second = await folder.acquire(paused);
    await second.release();
    const third = await folder.acquire();
    expect(third.takeover.how).toBe("released");
    let gone = false;
    const waiting = third.takeover.predecessorGone?.then(() => {
      gone = true;
    });
    expect(waiting).toBeDefined();
    await pause();
    expect(gone).toBe(false);
    await first.release();
    await waiting;
    await third.release();
    const fourth = await folder.acquire();
    expect(fourth.takeover.predecessorGone).toBeUndefined();
    expect(await readdir(folder.layout.status)).toEqual(["alive.sock"]);
  });

  test("stays fenced when the one who took over loses the directory before it noticed that it had it", async () => {
    await using folder = await lockFolder();
    const { epochs } = folder.layout;
    const first = await folder.acquire(silent);
    await pause();
    const hasClaimed = (): boolean => nodeFileSystem.existsNow(join(epochs, claimName(2)));
    const gate = new Gate((operation, path) => operation === "readDirectory" && path === epochs && hasClaimed());
    const second = rejectionOf(folder.acquire({ ...paused, staleAfterMs: 100, fileSystem: gate.fileSystem() }));
    await gate.reached;
    await pause();
    const third = await folder.acquire(paused);
    expect(third.claim.epoch).toBe(3);
    gate.open();
    expect((await second).code).toBe("WRITER_LOCKED");
    expect(
      thrownBy(() => {
        first.checkFence();
      }).code,
    ).toBe("WRITER_FENCED");
    expect(() => {
      third.checkFence();
    }).not.toThrow();
  });

  test("is noticed to go though the queue of its socket is full", async () => {
    await using folder = await lockFolder();
    await using first = await StateProcess.open({ directory: folder.layout.root });
    first.pause();
    const callers: Socket[] = [];
    try {
      await fillQueue(folder.layout.aliveSocket, callers);
      await pause();
      const second = await folder.acquire(paused);
      expect(second.takeover.how).toBe("paused");
      let gone = false;
      const waiting = second.takeover.predecessorGone?.then(() => {
        gone = true;
      });
      await pause();
      expect(gone).toBe(false);
      await first.kill();
      await waiting;
    } finally {
      for (const caller of callers) caller.destroy();
    }
  });
});

/** Connects to a socket whose process does not answer until the kernel takes no more. */
async function fillQueue(path: string, callers: Socket[]): Promise<void> {
  for (;;) {
    const caller = createConnection(path);
    callers.push(caller);
    const refused = await new Promise<boolean>((resolve) => {
      caller.once("connect", () => {
        resolve(false);
      });
      caller.once("error", () => {
        resolve(true);
      });
    });
    if (refused) return;
  }
}
