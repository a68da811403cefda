import { once } from "node:events";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { replaceFileDurably } from "../../src/files/replace-file.js";
import { AliveSocket, probeAliveSocket } from "../../src/locking/alive-socket.js";
import { Startup } from "../../src/surfaces/startup/index.js";
import { startupStatusSchema, watchStartupStatus, type StartupStatus } from "../../src/watch/index.js";
import { lockFolder, type LockFolder } from "../locking/lock-under-test.js";
import { Collector } from "./collector.js";
import { temporaryFolder } from "./temporary-folder.js";
import { WriterProcess } from "./writer-process.js";

/** A poll that never comes in the life of a test: what is seen is seen by connection or by hint. */
const pollIntervalMs = 60_000;
/** For `expect.poll`: a time limit, not an expectation. */
const patience = { timeout: 20_000 };

/** The status of a directory whose disk waits, from when it is told to, until it is let go. */
async function statusOnSlowDisk(folder: LockFolder): Promise<{
  readonly startup: Startup;
  readonly hold: () => void;
  readonly letGo: () => void;
}> {
  const lock = await folder.acquire();
  let gate: Promise<void> | undefined;
  let open: () => void = () => undefined;
  const startup = await Startup.begin({
    layout: folder.layout,
    epoch: lock.claim.epoch,
    host: lock.claim.host,
    pid: lock.claim.pid,
    heartbeatIntervalMs: 600_000,
    writeFile: async (path, bytes) => {
      await gate;
      await replaceFileDurably(nodeFileSystem, path, bytes);
    },
    announce: (line) => {
      lock.announce(line);
    },
  });
  return {
    startup,
    hold: () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    letGo: () => {
      gate = undefined;
      open();
    },
  };
}

async function statusIn(path: string): Promise<StartupStatus> {
  return startupStatusSchema.parse(JSON.parse(await readFile(path, "utf8")));
}

describe("a watcher that is connected to the writer", () => {
  test("sees a report before its file is on the disk; the report itself is done only then", async () => {
    await using folder = await lockFolder();
    const { startup, hold, letGo } = await statusOnSlowDisk(folder);
    await using watch = new Collector((signal) => watchStartupStatus(folder.layout.root, { signal, pollIntervalMs }));
    await startup.report({ phase: "recovering" });
    await watch.until(({ last }) => last?.phase === "recovering");
    hold();
    let done = false;
    const reports: Promise<void>[] = [];
    // Again and again, as the writer may not have noticed the connection yet when it reports first.
    const reportAndLook = (): string | undefined => {
      reports.push(
        startup.report({ phase: "ready", message: "up" }).then(() => {
          done = true;
        }),
      );
      return watch.last?.phase;
    };
    await expect.poll(reportAndLook, patience).toBe("ready");
    expect(watch.last).toMatchObject({ ready: true, message: "up", stale: false, superseded: false });
    expect(done).toBe(false);
    expect((await statusIn(folder.layout.startupStatus)).phase).toBe("recovering");
    letGo();
    await Promise.all(reports);
    expect(done).toBe(true);
    expect((await statusIn(folder.layout.startupStatus)).report).toBe(startup.current.report);
    await startup.close();
    await watch.until(({ last }) => last?.phase === "stopped");
    // No report is told twice, though both the connection and the file said it.
    const told = watch.seen.map(({ report }) => report);
    expect(told).toEqual([...new Set(told)].sort((one, other) => one - other));
  });

  test("still looks at the file when that changes: damage in it is said", async () => {
    await using folder = await lockFolder();
    const { startup } = await statusOnSlowDisk(folder);
    const warnings: Error[] = [];
    await using watch = new Collector((signal) =>
      watchStartupStatus(folder.layout.root, { signal, pollIntervalMs: 50, onWarning: (said) => warnings.push(said) }),
    );
    await startup.report({ phase: "recovering" });
    await watch.until(({ last }) => last?.phase === "recovering");
    await writeFile(folder.layout.startupStatus, "{ half a fi");
    await expect
      .poll(() => warnings.map(({ message }) => message), patience)
      .toEqual([expect.stringContaining("not JSON")]);
    expect(watch.last?.phase).toBe("recovering");
    await startup.report({ phase: "ready" });
    await watch.until(({ last }) => last?.ready === true);
    await startup.close();
  });

  test("is told the end of a run whose last report never reached the disk, once, and the next run in order", async () => {
    await using folder = await temporaryFolder();
    const directory = folder.path;
    await using watch = new Collector((signal) => watchStartupStatus(directory, { signal, pollIntervalMs }));
    await using first = await WriterProcess.start({ directory });
    await first.report({ phase: "recovering" });
    await watch.until(({ last }) => last?.phase === "recovering");
    first.keepReportingOnStalledDisk({ phase: "ready" });
    await watch.until(({ last }) => last?.phase === "ready");
    await first.kill();
    await watch.until(({ last }) => last?.stale === true);
    expect(watch.last?.message).toContain("last seen in phase ready");
    await using second = await WriterProcess.start({ directory });
    await second.report({ phase: "recovering" });
    await watch.until(({ last }) => last?.run_id === second.runId && last.phase === "recovering");
    const changes = watch.seen.filter(({ phase }, index) => phase !== watch.seen[index - 1]?.phase);
    expect(changes.map(({ run_id, phase, stale }) => [run_id, phase, stale])).toEqual([
      ...["starting", "recovering", "ready"].map((phase) => [first.runId, phase, false]),
      [first.runId, "stopped", true],
      ...["starting", "recovering"].map((phase) => [second.runId, phase, false]),
    ]);
    // The next run went on from what was on the disk.
    expect(watch.last?.previous_run).toMatchObject({ outcome: "crashed", run_id: first.runId, phase: "recovering" });
  });

  test("says so if what it is sent is no status, and goes on by the file", async () => {
    await using folder = await lockFolder();
    const { layout } = folder;
    const { startup } = await statusOnSlowDisk(folder);
    const status = await statusIn(layout.startupStatus);
    await startup.close();
    await mkdir(dirname(layout.aliveSocket), { recursive: true });
    await rm(layout.aliveSocket);
    const connections: Socket[] = [];
    const server = createServer((socket) => connections.push(socket)).listen(layout.aliveSocket);
    try {
      await once(server, "listening");
      const { ino } = await stat(layout.aliveSocket);
      const put = async (content: object): Promise<void> => {
        await writeFile(`${layout.startupStatus}.new`, JSON.stringify({ ...content, alive_socket_inode: ino }));
        await rename(`${layout.startupStatus}.new`, layout.startupStatus);
      };
      await put(status);
      const warnings: Error[] = [];
      await using watch = new Collector((signal) =>
        watchStartupStatus(layout.root, { signal, pollIntervalMs, onWarning: (said) => warnings.push(said) }),
      );
      await watch.until(({ last }) => last?.phase === "starting");
      await expect.poll(() => connections.length, patience).toBe(1);
      connections[0]?.write(`{"phase":"ready","ready":true,"run_id":"${status.run_id}","format":1}\n`);
      await expect
        .poll(() => warnings.map(({ message }) => message))
        .toEqual([expect.stringContaining("/transitions")]);
      // Of another run than the one it asked for: not its business.
      connections[0]?.write(`${JSON.stringify({ ...status, run_id: "another", phase: "ready", report: 99 })}\n`);
      await put({ ...status, report: status.report + 1, message: "by the file" });
      await watch.until(({ last }) => last?.message === "by the file");
      expect(watch.seen.map(({ phase }) => phase)).toEqual(["starting", "starting"]);
    } finally {
      for (const connection of connections) connection.destroy();
      server.close();
    }
  });
});

describe("the writer", () => {
  test("does not speak for the directory once another owns it", async () => {
    await using folder = await lockFolder();
    const first = await folder.acquire({ heartbeatMs: 600_000 });
    const sent: Buffer[] = [];
    const liveness = await probeAliveSocket(folder.layout.aliveSocket, (bytes) => sent.push(bytes));
    expect(liveness.verdict).toBe("alive");
    await expect
      .poll(() => {
        first.announce(Buffer.from("mine\n"));
        return Buffer.concat(sent).toString();
      }, patience)
      .toContain("mine\n");
    // Its lock has not been renewed for longer than that, which is what a paused process looks like.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await folder.acquire({ takeOver: "paused", staleAfterMs: 1 });
    expect(() => {
      first.announce(Buffer.from("still mine\n"));
    }).toThrow(expect.objectContaining({ code: "WRITER_FENCED" }));
    if (liveness.verdict === "alive") {
      await first.release();
      await liveness.gone;
    }
    expect(Buffer.concat(sent).toString()).not.toContain("still mine");
  });

  test("sends nothing to those who ask for nothing: they see its end without having read", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/alive.sock`;
    const socket = await AliveSocket.listen(path);
    if (socket === undefined) throw new Error("there are no sockets here");
    const silent = createConnection(path);
    await once(silent, "connect");
    const told: Buffer[] = [];
    const liveness = await probeAliveSocket(path, (bytes) => told.push(bytes));
    if (liveness.verdict !== "alive") throw new Error("nobody listens");
    await expect
      .poll(() => {
        socket.send(Buffer.from("told\n"));
        return told.length;
      }, patience)
      .toBeGreaterThan(0);
    const end = once(silent, "close");
    await socket.close();
    await end;
    expect(silent.bytesRead).toBe(0);
  });

  test("keeps at most one message for a watcher that does not read, and sends none but whole ones", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/alive.sock`;
    const socket = await AliveSocket.listen(path);
    if (socket === undefined) throw new Error("there are no sockets here");
    const sent: Buffer[] = [];
    let reading = false;
    const liveness = await probeAliveSocket(path, (bytes) => {
      sent.push(bytes);
      reading = true;
    });
    if (liveness.verdict !== "alive") throw new Error("nobody listens");
    await expect
      .poll(() => {
        socket.send(Buffer.from("0\n"));
        return reading;
      }, patience)
      .toBe(true);
    // This thread does not read while it sends: no more than the kernel's buffer and one message can be under way.
    const messageBytes = 1024 * 1024;
    for (let number = 1; number <= 50; number += 1) {
      socket.send(Buffer.concat([Buffer.alloc(messageBytes, String(number % 10)), Buffer.from("\n")]));
    }
    await socket.close();
    await liveness.gone;
    const lines = Buffer.concat(sent).toString().split("\n");
    const whole = lines.slice(0, -1).filter((line) => line !== "0");
    expect(whole.length).toBeLessThanOrEqual(1);
    for (const line of lines) expect(new Set(line).size).toBeLessThanOrEqual(1);
    expect(Buffer.concat(sent).length).toBeLessThan(2 * messageBytes + 1000);
  });
});
