import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readStartupStatus, waitUntilReady } from "../../src/watch/index.js";
import { temporaryFolder } from "./temporary-folder.js";
import { WriterProcess } from "./writer-process.js";

/** Longer than a test may take: whoever waits it out fails. */
const forever = 600_000;

test("resolves once a writer that did not exist yet is ready", async () => {
  await using folder = await temporaryFolder();
  const waiting = waitUntilReady(folder.path, { timeoutMs: forever });
  await using writer = await WriterProcess.start({ directory: folder.path });
  await writer.report({ phase: "initializing_models" });
  await writer.report({ phase: "ready" });
  expect(await waiting).toMatchObject({ ready: true, phase: "ready", run_id: writer.runId, superseded: false });
});

test("takes degraded for ready", async () => {
  await using folder = await temporaryFolder();
  await using writer = await WriterProcess.start({ directory: folder.path });
  await writer.report({ phase: "degraded" });
  expect(await waitUntilReady(folder.path, { timeoutMs: 0 })).toMatchObject({ ready: true, phase: "degraded" });
});

test("does not take the ready of a dead run for an answer, and waits for the next", async () => {
  await using folder = await temporaryFolder();
  await using first = await WriterProcess.start({ directory: folder.path });
  await first.report({ phase: "ready" });
  await first.kill();
  const waiting = waitUntilReady(folder.path, { timeoutMs: forever });
  await using second = await WriterProcess.start({ directory: folder.path });
  await second.report({ phase: "ready" });
  expect((await waiting).run_id).toBe(second.runId);
});

test("rejects with TIMEOUT, telling what was seen", async () => {
  await using folder = await temporaryFolder();
  await expect(waitUntilReady(folder.path, { timeoutMs: 0 })).rejects.toMatchObject({
    code: "TIMEOUT",
    message: expect.stringContaining("There is no startup status") as unknown,
  });
  await using writer = await WriterProcess.start({ directory: folder.path });
  await writer.report({ phase: "downloading_models", message: "Downloading model a" });
  await expect(waitUntilReady(folder.path, { timeoutMs: 50 })).rejects.toMatchObject({
    code: "TIMEOUT",
    message: expect.stringContaining("phase downloading_models: Downloading model a") as unknown,
    details: { status: { run_id: writer.runId } },
  });
});

test("rejects with TIMEOUT naming the damage if the status can not be read", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "status"));
  await writeFile(join(folder.path, "status", "startup.json"), "nothing of ours");
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => {
    warnings.push(warning);
  };
  await expect(waitUntilReady(folder.path, { timeoutMs: 50, onWarning })).rejects.toMatchObject({
    code: "TIMEOUT",
    cause: { code: "CORRUPT" },
  });
  expect(warnings).toHaveLength(1);
  await expect(readStartupStatus(folder.path)).rejects.toMatchObject({ code: "CORRUPT" });
});

test("rejects at once on phase error, with the status", async () => {
  await using folder = await temporaryFolder();
  const waiting = waitUntilReady(folder.path, { timeoutMs: forever });
  const outcome = expect(waiting).rejects.toMatchObject({
    code: "STARTUP_FAILED",
    message: expect.stringContaining("no such model") as unknown,
    details: { status: { phase: "error" } },
  });
  await using writer = await WriterProcess.start({ directory: folder.path });
  await writer.report({ phase: "error", message: "no such model" });
  await outcome;
});

test("rejects even if the process that failed is gone before anyone looked", async () => {
  await using folder = await temporaryFolder();
  // A poll this slow sees the start and the end of the run in one look, or only its end.
  const waiting = waitUntilReady(folder.path, { timeoutMs: forever, pollIntervalMs: 60_000 });
  const outcome = expect(waiting).rejects.toMatchObject({ code: "STARTUP_FAILED" });
  await using writer = await WriterProcess.start({ directory: folder.path });
  await writer.report({ phase: "error", message: "no such model" });
  await writer.kill();
  await outcome;
});

test("ends with the caller's reason when the caller gives up", async () => {
  await using folder = await temporaryFolder();
  const abort = new AbortController();
  const waiting = waitUntilReady(folder.path, { timeoutMs: forever, signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

test("refuses a time that is none", async () => {
  await expect(waitUntilReady("x", { timeoutMs: -1 })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
  await expect(waitUntilReady("x", { timeoutMs: Number.NaN })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
});

test("one look tells whether the writer lives", async () => {
  await using folder = await temporaryFolder();
  expect(await readStartupStatus(folder.path)).toBeUndefined();
  await using writer = await WriterProcess.start({ directory: folder.path });
  await writer.report({ phase: "ready" });
  expect(await readStartupStatus(folder.path)).toMatchObject({ phase: "ready", ready: true, stale: false });
  await writer.kill();
  expect(await readStartupStatus(folder.path)).toMatchObject({ phase: "stopped", ready: false, stale: true });
});
