import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Layout } from "../../src/files/layout.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { replaceFileDurably } from "../../src/files/replace-file.js";
import type { RecoveryReport } from "../../src/store/recovery-report.js";
import { Startup, type StartupOptions, type StartupReport } from "../../src/surfaces/startup/index.js";
import { startupStatusSchema, type StartupStatus } from "../../src/watch/index.js";
import { temporaryFolder, type TemporaryFolder } from "../watch/temporary-folder.js";

const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

async function layoutOf(folder?: TemporaryFolder): Promise<Layout> {
  const chosen = folder ?? (await temporaryFolder());
  if (folder === undefined) open.push(chosen);
  const layout = new Layout(chosen.path);
  await mkdir(layout.status, { recursive: true });
  return layout;
}

async function begin(layout: Layout, options: Partial<StartupOptions> = {}): Promise<Startup> {
  const startup = await Startup.begin({
    layout,
    epoch: 1,
    host: "router-0",
    pid: 4711,
    writeFile: (path, bytes) => replaceFileDurably(nodeFileSystem, path, bytes),
    ...options,
  });
  open.push({
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled([startup.close()]);
    },
  });
  return startup;
}

async function onDisk(layout: Layout): Promise<StartupStatus> {
  return startupStatusSchema.parse(JSON.parse(await readFile(layout.startupStatus, "utf8")));
}

const recovery: RecoveryReport = {
  format: 1,
  storeId: "s",
  epoch: 1,
  pid: 1,
  host: "h",
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:00.012Z",
  durationMs: 12,
  outcome: "degraded",
  takeover: { how: "dead", previousEpoch: null, previousPid: null, previousHost: null, waitedMs: 0 },
  checkpointSequence: 0,
  lastSequence: 9,
  documents: 3,
  journal: { segments: 1, replayed: 7, replayedOperations: 8, tornTails: [] },
  damage: [{ file: "journal/1", kind: "journal", detail: "flipped", quarantined: "quarantine/x", repaired: false }],
  lostSequences: [{ first: 3, last: 5 }],
  lostDocuments: [{ collection: "responses", id: "resp_1" }],
  removedTemporaryFiles: 0,
  reconciled: [],
  warnings: [],
};

describe("a run", () => {
  test("begins with starting, durable before anything else", async () => {
    const layout = await layoutOf();
    const startup = await begin(layout);
    const status = await onDisk(layout);
    expect(status).toMatchObject({ phase: "starting", ready: false, sequence: 1, report: 1, boot_count: 1, pid: 4711 });
    expect(status.previous_run).toBeNull();
    expect(status.run_id).toBe(startup.current.run_id);
    expect((await stat(layout.startupStatus)).mode & 0o777).toBe(0o600);
  });

  test("knows that the previous one ended well", async () => {
    const layout = await layoutOf();
    const first = await begin(layout);
    await first.report({ phase: "ready" });
    await first.stopping();
    await first.close();
    await first.close();
    const ended = await onDisk(layout);
    expect(ended).toMatchObject({ phase: "stopped", ready: false });
    await begin(layout, { epoch: 2 });
    const status = await onDisk(layout);
    expect(status.previous_run).toEqual({
      outcome: "clean",
      run_id: ended.run_id,
      phase: "stopped",
      ended_at: ended.updated_at,
    });
    expect(status.transitions.map(({ phase }) => phase)).toEqual([
      "starting",
      "ready",
      "stopping",
      "stopped",
      "starting",
    ]);
    expect(status.transitions.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });

  test("closes the account of one that crashed, at its last sign of life", async () => {
    const layout = await layoutOf();
    const first = await begin(layout, { heartbeatIntervalMs: 600_000 });
    await first.report({ phase: "ready" });
    const lastSign = new Date(Date.now() + 60_000);
    await utimes(layout.startupStatus, lastSign, lastSign);
    // What is on disk now is what a crash leaves.
    await begin(layout, { epoch: 2 });
    const status = await onDisk(layout);
    expect(status.previous_run).toEqual({
      outcome: "crashed",
      run_id: first.current.run_id,
      phase: "ready",
      ended_at: lastSign.toISOString(),
    });
    expect(status.transitions.at(-2)).toMatchObject({
      phase: "stopped",
      stale: true,
      run_id: first.current.run_id,
      sequence: 3,
    });
  });

  test("begins over a status that can not be read, says so, and numbers on from its epoch", async () => {
    const layout = await layoutOf();
    await writeFile(layout.startupStatus, "{");
    await begin(layout, { epoch: 7 });
    const status = await onDisk(layout);
    expect(status.sequence).toBe(7_000_001);
    expect(status.previous_run).toBeNull();
    expect(status.message).toContain("not JSON");
  });

  test("remembers the last 200 transitions", async () => {
    const layout = await layoutOf();
    const startup = await begin(layout);
    const phases = Array.from({ length: 250 }, (_, index) => (index % 2 === 0 ? "ready" : "degraded"));
    await Promise.all(phases.map((phase) => startup.report({ phase })));
    const { transitions } = await onDisk(layout);
    expect(transitions).toHaveLength(200);
    expect(transitions.at(-1)?.sequence).toBe(251);
  });
});

describe("reports", () => {
  test("that are not acceptable are refused with every problem, and change nothing", async () => {
    const layout = await layoutOf();
    const startup = await begin(layout);
    await startup.report({ phase: "downloading_models" });
    const before = startup.current;
    const wrong = { phase: "recovering", ready_models: 3, total_models: 2, progress: [{ model: "" }], colour: "red" };
    await expect(startup.report(wrong as unknown as StartupReport)).rejects.toMatchObject({
      code: "INVALID_DOCUMENT",
      problems: expect.arrayContaining([
        { path: "/progress/0/model", message: expect.any(String) as unknown },
        { path: "/progress/0/bytes", message: expect.any(String) as unknown },
        { path: "", message: expect.stringContaining("colour") as unknown },
        { path: "/phase", message: expect.stringContaining("recovering can not follow downloading_models") as unknown },
        { path: "/ready_models", message: "3 of 2 models can not be ready" },
      ]) as unknown,
    });
    await expect(startup.report({ phase: "on_fire" } as unknown as StartupReport)).rejects.toMatchObject({
      problems: [{ path: "/phase" }],
    });
    await expect(startup.report(null as unknown as StartupReport)).rejects.toMatchObject({ code: "INVALID_DOCUMENT" });
    expect(startup.current).toEqual(before);
  });

  test.each([
    [["starting", "initializing_models", "ready", "degraded", "ready", "stopping", "stopped"], undefined],
    [["checking_models", "checking_models", "degraded"], undefined],
    [["recovering", "error", "stopping", "stopped"], undefined],
    [["ready", "initializing_models"], "INVALID_DOCUMENT"],
    [["error", "ready"], "INVALID_DOCUMENT"],
    [["stopping", "ready"], "INVALID_DOCUMENT"],
    [["stopped", "starting"], "CLOSED"],
    [["stopped", "stopped"], "CLOSED"],
  ] as const)("%j ends with %s", async (phases, code) => {
    const startup = await begin(await layoutOf());
    for (const phase of phases.slice(0, -1)) await startup.report({ phase });
    const last = startup.report({ phase: phases.at(-1) ?? "error" });
    if (code === undefined) await last;
    else await expect(last).rejects.toMatchObject({ code });
  });

  test("keep counts and provider, and drop what only held for one report", async () => {
    const layout = await layoutOf();
    const startup = await begin(layout);
    await startup.report({
      phase: "downloading_models",
      downloading_model: "/models/a",
      pending_models: ["/models/a", "/models/b"],
      ready_models: 1,
      total_models: 3,
      embedding_provider: { mode: "remote", healthy: true },
      progress: [{ model: "/models/a", bytes: 10, total_bytes: 100, percent: 10 }],
    });
    await startup.report({ phase: "initializing_models", ready_models: 3 });
    await startup.report({ phase: "ready" });
    const status = await onDisk(layout);
    expect(status).toMatchObject({ ready_models: 3, total_models: 3, embedding_provider: { mode: "remote" } });
    expect(status).not.toHaveProperty("downloading_model");
    expect(status).not.toHaveProperty("pending_models");
    expect(status).not.toHaveProperty("progress");
  });

  test("made back to back share replaces, and none of their phases is lost", async () => {
    const layout = await layoutOf();
    let replaces = 0;
    let underWay = 0;
    let mostUnderWay = 0;
    const startup = await begin(layout, {
      writeFile: async (path, bytes) => {
        replaces += 1;
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        await replaceFileDurably(nodeFileSystem, path, bytes);
        underWay -= 1;
      },
    });
    const reports = ["recovering", "checking_models", "initializing_models", "ready"] as const;
    await Promise.all([
      ...reports.map((phase) => startup.report({ phase })),
      ...Array.from({ length: 1000 }, (_, index) => startup.report({ phase: "ready", message: String(index) })),
    ]);
    const status = await onDisk(layout);
    expect(status).toMatchObject({ message: "999", report: 1005 });
    expect(status.transitions.map(({ phase }) => phase)).toEqual(["starting", ...reports]);
    expect(mostUnderWay).toBe(1);
    expect(replaces).toBeLessThan(10);
  });
});

describe("trouble", () => {
  test("a full disk fails the report, which is written by itself when there is space", async () => {
    const layout = await layoutOf();
    let full = false;
    const startup = await begin(layout, {
      heartbeatIntervalMs: 20,
      onWarning: () => undefined,
      writeFile: async (path, bytes) => {
        if (full) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        await replaceFileDurably(nodeFileSystem, path, bytes);
      },
    });
    full = true;
    await expect(startup.report({ phase: "recovering" })).rejects.toMatchObject({ code: "STORAGE_FULL" });
    await expect(startup.report({ phase: "ready" })).rejects.toMatchObject({ code: "STORAGE_FULL" });
    expect(startup.current.phase).toBe("ready");
    expect((await onDisk(layout)).phase).toBe("starting");
    full = false;
    await expect.poll(async () => (await onDisk(layout)).phase, { timeout: 30_000 }).toBe("ready");
    expect((await onDisk(layout)).transitions.map(({ phase }) => phase)).toEqual(["starting", "recovering", "ready"]);
  });

  test("after a loss, ready is degraded, and still ready", async () => {
    const layout = await layoutOf();
    const startup = await begin(layout);
    await startup.recovered(recovery);
    await startup.report({ phase: "ready", message: "Serving." });
    expect(await onDisk(layout)).toMatchObject({
      phase: "degraded",
      ready: true,
      message: "Serving. Recovery could not restore 3 commits and 1 document: see status/recovery.json.",
      recovery: {
        outcome: "degraded",
        replayed: 7,
        lost_sequences: 3,
        lost_documents: 1,
        quarantined: 1,
        duration_ms: 12,
      },
    });
  });

  test("a store on a full disk is degraded until there is space, a failed one is an error", async () => {
    const layout = await layoutOf();
    const startup = await begin(layout);
    startup.storeCondition({ state: "full" });
    expect(startup.current).toMatchObject({ phase: "starting", ready: false });
    await startup.report({ phase: "ready", message: "Serving." });
    expect(startup.current).toMatchObject({ phase: "degraded", ready: true });
    startup.storeCondition({ state: "open" });
    expect(startup.current).toMatchObject({ phase: "ready", ready: true, message: "Serving." });
    startup.storeCondition({ state: "failed", error: new Error("fsync failed") });
    expect(startup.current).toMatchObject({ phase: "error", ready: false });
    expect(startup.current.message).toContain("fsync failed");
    await startup.close();
    expect(await onDisk(layout)).toMatchObject({ phase: "stopped", ready: false });
    expect((await onDisk(layout)).message).toContain("Stopped after an error");
  });

  test("a fenced run says nothing more", async () => {
    const layout = await layoutOf();
    const startup = await begin(layout);
    await startup.report({ phase: "ready" });
    const before = await readFile(layout.startupStatus, "utf8");
    startup.storeCondition({ state: "fenced" });
    expect(startup.current).toMatchObject({ phase: "error", ready: false });
    await expect(startup.report({ phase: "degraded" })).rejects.toMatchObject({ code: "WRITER_FENCED" });
    await startup.close();
    expect(await readFile(layout.startupStatus, "utf8")).toBe(before);
  });

  test("a run that finds a later one's status is fenced by it", async () => {
    const layout = await layoutOf();
    const first = await begin(layout, { heartbeatIntervalMs: 600_000 });
    const second = await begin(layout, { epoch: 2 });
    await expect(first.report({ phase: "ready" })).rejects.toMatchObject({ code: "WRITER_FENCED" });
    await first.close();
    expect((await onDisk(layout)).run_id).toBe(second.current.run_id);
  });
});

describe("the heartbeat", () => {
  test("renews the file's time and leaves its bytes alone", async () => {
    const layout = await layoutOf();
    await begin(layout, { heartbeatIntervalMs: 20 });
    const before = await stat(layout.startupStatus);
    await expect
      .poll(async () => (await stat(layout.startupStatus)).mtimeMs, { timeout: 30_000 })
      .toBeGreaterThan(before.mtimeMs);
    expect((await stat(layout.startupStatus)).ino).toBe(before.ino);
  });

  test("puts back a file that was removed or replaced", async () => {
    const layout = await layoutOf();
    const startup = await begin(layout, { heartbeatIntervalMs: 20 });
    await nodeFileSystem.remove(layout.startupStatus);
    await expect.poll(async () => nodeFileSystem.status(layout.startupStatus), { timeout: 30_000 }).toBeDefined();
    await writeFile(join(layout.status, "startup.json"), "not ours");
    await expect
      .poll(async () => (await readFile(layout.startupStatus, "utf8")).includes(startup.current.run_id), {
        timeout: 30_000,
      })
      .toBe(true);
  });
});
