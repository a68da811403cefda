/**
 * A router as far as others see it: takes a state directory, owns its status, and does what it is told on
 * standard input, one JSON command a line. Each is answered with one line of JSON: `{}`, or `{ error }`.
 *
 *     startup-writer.js <directory> <heartbeat interval, ms> <socket | no-socket> <take-over | wait-not>
 */
import { createInterface } from "node:readline";
import { rm } from "node:fs/promises";
import type * as startupModule from "../../src/surfaces/startup/index.js";
import type * as directoryLockModule from "../../src/locking/directory-lock.js";
import type * as clockModule from "../../src/files/clock.js";
import type * as layoutModule from "../../src/files/layout.js";
import type * as nodeFileSystemModule from "../../src/files/node-file-system.js";
import type * as replaceFileModule from "../../src/files/replace-file.js";

interface Command {
  readonly report?: startupModule.StartupReport;
  /** So many reports back to back. */
  readonly burst?: number;
  readonly close?: true;
  /** From now on the disk takes for ever, and this is reported again and again. */
  readonly stalledReport?: startupModule.StartupReport;
}

/** The build of the library, two folders up from the build of this program. */
async function built(module: string): Promise<unknown> {
  return await import(new URL(`../../../dist/${module}`, import.meta.url).href);
}

const { Startup } = (await built("surfaces/startup/index.js")) as typeof startupModule;
const { DirectoryLock } = (await built("locking/directory-lock.js")) as typeof directoryLockModule;
const { systemClock } = (await built("files/clock.js")) as typeof clockModule;
const { Layout } = (await built("files/layout.js")) as typeof layoutModule;
const { nodeFileSystem } = (await built("files/node-file-system.js")) as typeof nodeFileSystemModule;
const { replaceFileDurably } = (await built("files/replace-file.js")) as typeof replaceFileModule;

const [directory = "", heartbeat = "", socketChoice = "", takeOver = ""] = process.argv.slice(2);
const layout = new Layout(directory);
const lock = await DirectoryLock.acquire({
  fileSystem: nodeFileSystem,
  layout,
  clock: systemClock,
  storeId: null,
  waitMs: 0,
  takeOver: takeOver === "take-over" ? "paused" : undefined,
  heartbeatMs: 50,
  staleAfterMs: 200,
});
if (socketChoice === "no-socket") await rm(layout.aliveSocket);
let stalled = false;
const startup = await Startup.begin({
  layout,
  epoch: lock.claim.epoch,
  host: lock.claim.host,
  pid: lock.claim.pid,
  heartbeatIntervalMs: Number(heartbeat),
  writeFile: (path, bytes) =>
    stalled ? new Promise(() => undefined) : replaceFileDurably(nodeFileSystem, path, bytes),
  announce: (line) => {
    lock.announce(line);
  },
});
console.log(JSON.stringify({ run: startup.current.run_id }));

for await (const line of createInterface({ input: process.stdin })) {
  try {
    await obey(JSON.parse(line) as Command);
    console.log("{}");
  } catch (error) {
    console.log(JSON.stringify({ error: (error as { code?: string }).code ?? String(error) }));
  }
}

async function obey({ report, burst = 0, close, stalledReport }: Command): Promise<void> {
  while (stalledReport !== undefined) {
    stalled = true;
    startup.report(stalledReport).catch((error: unknown) => {
      throw error;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (report !== undefined) await startup.report(report);
  const reports = Array.from({ length: burst }, (_, index) =>
    startup.report({ phase: "downloading_models", message: `report ${index + 1} of ${burst}` }),
  );
  await Promise.all(reports);
  if (close === true) {
    await startup.close();
    await lock.release();
  }
}
