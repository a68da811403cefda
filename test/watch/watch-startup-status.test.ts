import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  startupStatusSchema,
  watchStartupStatus,
  type StartupPhase,
  type WatchedStartupStatus,
} from "../../src/watch/index.js";
import { Collector } from "./collector.js";
import { temporaryFolder } from "./temporary-folder.js";
import { WriterProcess } from "./writer-process.js";

const startupUpToReady: StartupPhase[] = [
  "recovering",
  "checking_models",
  "downloading_models",
  "initializing_models",
  "ready",
];

async function becomeReady(writer: WriterProcess): Promise<void> {
  for (const phase of startupUpToReady) await writer.report({ phase });
}

describe("on the same host", () => {
  test("started before the directory exists, it reports every phase once and in order through ten restarts", async () => {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, "not", "yet", "state");
    await using watch = new Collector((signal) => watchStartupStatus(directory, { signal }));
    const runs: string[] = [];
    for (let restart = 0; restart < 10; restart += 1) {
      await using writer = await WriterProcess.start({ directory });
      runs.push(writer.runId);
      await becomeReady(writer);
      await writer.kill();
    }
    await watch.until(({ last }) => last?.stale === true && last.run_id === runs.at(-1));
    expect(watch.seen.map(({ run_id, phase, ready, stale }) => ({ run_id, phase, ready, stale }))).toEqual(
      runs.flatMap((run_id) => [
        ...["starting", ...startupUpToReady].map((phase) => ({
          run_id,
          phase,
          ready: phase === "ready",
          stale: false,
        })),
        { run_id, phase: "stopped", ready: false, stale: true },
      ]),
    );
    for (const status of watch.seen) startupStatusSchema.parse(status);
  });

  test("a killed writer is seen stopped through its socket, long before a heartbeat could be missed", async () => {
    await using folder = await temporaryFolder();
    await using writer = await WriterProcess.start({ directory: folder.path, heartbeatIntervalMs: 600_000 });
    await becomeReady(writer);
    await using watch = new Collector((signal) => watchStartupStatus(folder.path, { signal, pollIntervalMs: 60_000 }));
    await watch.until(({ last }) => last?.ready === true);
    const killedAt = performance.now();
    await writer.kill();
    await watch.until(({ last }) => last?.stale === true);
    console.log(`SIGKILL seen after ${(performance.now() - killedAt).toFixed(1)} ms`);
    expect(watch.last).toMatchObject({ phase: "stopped", ready: false, stale: true, superseded: false });
    expect(watch.last?.message).toContain("last seen in phase ready");
  });

  test("an orderly end is stopped, not stale, and said once", async () => {
    await using folder = await temporaryFolder();
    await using watch = new Collector((signal) => watchStartupStatus(folder.path, { signal }));
    await using writer = await WriterProcess.start({ directory: folder.path });
    await becomeReady(writer);
    await writer.close();
    await watch.until(({ last }) => last?.phase === "stopped");
    await using next = await WriterProcess.start({ directory: folder.path });
    await watch.until(({ last }) => last?.run_id === next.runId);
    const ends = watch.seen.filter(({ phase }) => phase === "stopped");
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ stale: false, run_id: writer.runId });
    expect(watch.last?.previous_run).toMatchObject({ outcome: "clean", run_id: writer.runId, phase: "stopped" });
  });

  test("a paused writer lives", async () => {
    await using folder = await temporaryFolder();
    await using writer = await WriterProcess.start({ directory: folder.path, heartbeatIntervalMs: 50 });
    await becomeReady(writer);
    writer.pause();
    await using watch = new Collector((signal) => watchStartupStatus(folder.path, { signal, pollIntervalMs: 20 }));
    await watch.until(({ last }) => last?.ready === true);
    await new Promise((resolve) => setTimeout(resolve, 500));
    writer.resume();
    await writer.report({ phase: "ready", message: "awake" });
    await watch.until(({ last }) => last?.message === "awake");
    expect(watch.seen.map(({ stale }) => stale)).not.toContain(true);
  });

  test("a paused writer that wakes up after a takeover does not confuse anyone", async () => {
    await using folder = await temporaryFolder();
    const directory = folder.path;
    await using watch = new Collector((signal) => watchStartupStatus(directory, { signal }));
    await using first = await WriterProcess.start({ directory, heartbeatIntervalMs: 50 });
    await becomeReady(first);
    await watch.until(({ last }) => last?.ready === true);
    first.pause();
    // Long enough for its lock to count as stale.
    await new Promise((resolve) => setTimeout(resolve, 400));
    await using second = await WriterProcess.start({ directory, heartbeatIntervalMs: 50, takeOver: true });
    await becomeReady(second);
    first.resume();
    await expect(first.report({ phase: "ready", message: "I am still here" })).rejects.toThrow("WRITER_FENCED");
    await first.kill();
    await second.report({ phase: "degraded" });
    await watch.until(({ last }) => last?.phase === "degraded");
    const of = (runId: string): string[] =>
      watch.seen.filter(({ run_id }) => run_id === runId).map(({ phase }) => phase);
    expect(of(first.runId)).toEqual(["starting", ...startupUpToReady, "stopped"]);
    expect(of(second.runId)).toEqual(["starting", ...startupUpToReady, "degraded"]);
  });

  test("1,000 reports back to back end with the watcher on the last one", async () => {
    await using folder = await temporaryFolder();
    await using watch = new Collector((signal) => watchStartupStatus(folder.path, { signal }));
    await using writer = await WriterProcess.start({ directory: folder.path });
    await writer.burst(1000);
    await watch.until(({ last }) => last?.message === "report 1000 of 1000");
    expect(watch.last?.report).toBe(1001);
    const reports = watch.seen.map(({ report }) => report);
    expect(reports).toEqual([...reports].sort((one, other) => one - other));
  });

  test("a dead directory is never taken for a ready one", async () => {
    await using folder = await temporaryFolder();
    await using writer = await WriterProcess.start({ directory: folder.path });
    await becomeReady(writer);
    await writer.kill();
    await using watch = new Collector((signal) => watchStartupStatus(folder.path, { signal }));
    await watch.until(({ last }) => last?.stale === true);
    expect(watch.seen).toHaveLength(1);
  });

  test("a consumer that is slow, and misses versions and a whole run, is still told everything in order", async () => {
    await using folder = await temporaryFolder();
    const directory = folder.path;
    await using first = await WriterProcess.start({ directory });
    const watch = watchStartupStatus(directory)[Symbol.asyncIterator]();
    expect((await watch.next()).value).toMatchObject({ phase: "starting", superseded: false });
    // The consumer does not ask while all this happens.
    await becomeReady(first);
    await first.kill();
    await using second = await WriterProcess.start({ directory });
    await second.report({ phase: "recovering" });
    await second.kill();
    await using third = await WriterProcess.start({ directory });
    const runs = [first.runId, second.runId, third.runId];
    const told: unknown[] = [];
    for (;;) {
      const { value } = (await watch.next()) as IteratorYieldResult<WatchedStartupStatus>;
      told.push([value.boot_count, value.run_id, value.phase, value.stale, value.superseded]);
      if (value.run_id === third.runId) break;
    }
    await watch.return?.();
    const of = (boot: number, phase: string, stale: boolean, superseded: boolean): unknown[] => [
      boot,
      runs[boot - 1],
      phase,
      stale,
      superseded,
    ];
    expect(told).toEqual([
      ...startupUpToReady.map((phase) => of(1, phase, false, true)),
      of(1, "stopped", true, true),
      of(2, "starting", false, true),
      of(2, "recovering", false, true),
      of(2, "stopped", true, true),
      of(3, "starting", false, false),
    ]);
  });
});

describe("where only the files are visible", () => {
  test("a writer without a socket is alive while it touches its file, and stale once the bound has passed", async () => {
    await using folder = await temporaryFolder();
    await using writer = await WriterProcess.start({
      directory: folder.path,
      heartbeatIntervalMs: 100,
      socket: false,
    });
    await becomeReady(writer);
    await using watch = new Collector((signal) => watchStartupStatus(folder.path, { signal, heartbeatBoundMs: 1000 }));
    await watch.until(({ last }) => last?.ready === true);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(watch.last).toMatchObject({ ready: true, stale: false });
    const killedAt = performance.now();
    await writer.kill();
    await watch.until(({ last }) => last?.stale === true);
    console.log(`with a bound of 1000 ms, SIGKILL seen after ${(performance.now() - killedAt).toFixed(0)} ms`);
    expect(watch.last).toMatchObject({ phase: "stopped", ready: false });
    expect(watch.last?.age_ms).toBeGreaterThan(1000);
    expect(watch.seen.filter(({ stale }) => stale)).toHaveLength(1);
  });

  test("a writer that was only paused is back when its file is touched again", async () => {
    await using folder = await temporaryFolder();
    await using writer = await WriterProcess.start({
      directory: folder.path,
      heartbeatIntervalMs: 50,
      socket: false,
    });
    await becomeReady(writer);
    await using watch = new Collector((signal) => watchStartupStatus(folder.path, { signal, heartbeatBoundMs: 400 }));
    await watch.until(({ last }) => last?.ready === true);
    writer.pause();
    await watch.until(({ last }) => last?.stale === true);
    writer.resume();
    await watch.until(({ last }) => last?.stale === false);
    expect(watch.seen.map(({ phase }) => phase)).toEqual(["ready", "stopped", "ready"]);
  });

  test("a socket that refuses does not bury a writer on another machine", async () => {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, "state");
    await using writer = await WriterProcess.start({ directory });
    await becomeReady(writer);
    await writer.kill();
    // What a network file system shows of a living writer elsewhere: its files, and a socket nobody here listens on.
    const file = join(directory, "status", "startup.json");
    const status = startupStatusSchema.parse(JSON.parse(await readFile(file, "utf8")));
    await writeFile(file, JSON.stringify({ ...status, boot_id: "another-machine" }));
    await using watch = new Collector((signal) => watchStartupStatus(directory, { signal, heartbeatBoundMs: 600 }));
    await watch.until(({ last }) => last !== undefined);
    expect(watch.last).toMatchObject({ phase: "ready", ready: true, stale: false });
    await watch.until(({ last }) => last?.stale === true);
  });
});

describe("the folder", () => {
  test("can be the status folder alone, under any name", async () => {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, "state");
    await using writer = await WriterProcess.start({ directory });
    await writer.report({ phase: "ready" });
    await using inside = new Collector((signal) => watchStartupStatus(join(directory, "status"), { signal }));
    await inside.until(({ last }) => last?.ready === true);
    const mounted = join(folder.path, "mounted");
    await cp(join(directory, "status"), mounted, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    await using alone = new Collector((signal) => watchStartupStatus(mounted, { signal }));
    await alone.until(({ last }) => last?.ready === true);
  });

  test("may be moved away and made anew while it is watched", async () => {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, "state");
    await using watch = new Collector((signal) => watchStartupStatus(directory, { signal }));
    await using first = await WriterProcess.start({ directory });
    await first.report({ phase: "ready" });
    await watch.until(({ last }) => last?.ready === true);
    await first.kill();
    await rename(directory, join(folder.path, "old"));
    await watch.until(({ last }) => last?.stale === true);
    // A new store counts from 1 again.
    await using second = await WriterProcess.start({ directory });
    await second.report({ phase: "recovering" });
    await watch.until(({ last }) => last?.phase === "recovering");
    await second.report({ phase: "ready" });
    await watch.until(({ last }) => last?.ready === true);
    await rm(directory, { recursive: true });
    await second.kill();
    await watch.until(({ last }) => last?.stale === true);
    expect(watch.seen.map(({ run_id, phase }) => [run_id, phase])).toEqual([
      ...["starting", "ready", "stopped"].map((phase) => [first.runId, phase]),
      ...["starting", "recovering", "ready", "stopped"].map((phase) => [second.runId, phase]),
    ]);
  });

  test.each([
    ["damaged", "{ half a fi", "it is not JSON"],
    ["half foreign", JSON.stringify({ phase: "ready", ready: true }), "/run_id"],
    ["of a newer version", JSON.stringify({ format: 2 }), "reads format 1"],
  ])("a status that is %s is said, not taken for absence, and the watch goes on", async (_, content, complaint) => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, "status"));
    const file = join(folder.path, "status", "startup.json");
    await writeFile(file, content);
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => {
      warnings.push(warning.message);
    };
    await using watch = new Collector((signal) =>
      watchStartupStatus(folder.path, { signal, onWarning, pollIntervalMs: 20 }),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(watch.seen).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(complaint)]);
    await using writer = await WriterProcess.start({ directory: folder.path });
    await writer.report({ phase: "ready" });
    await watch.until(({ last }) => last?.ready === true);
    expect(watch.seen[0]?.message).toContain("How the previous run ended is not known");
    await writeFile(file, content);
    await writer.kill();
    await watch.until(({ last }) => last?.stale === true);
    expect(watch.seen.map(({ phase }) => phase)).toEqual(["starting", "ready", "stopped"]);
  });
});

test("options out of range are refused at once, all of them named", () => {
  expect(() => watchStartupStatus("", { pollIntervalMs: 0, heartbeatBoundMs: -1 })).toThrow(
    /\/directory.*\n.*\/pollIntervalMs.*\n.*\/heartbeatBoundMs/,
  );
});
