import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openStateDirectory, watchStartupStatus, type StateDirectory } from "../../src/index.js";
import { Collector } from "../watch/collector.js";
import { temporaryFolder } from "../watch/temporary-folder.js";

const program = fileURLToPath(new URL("../../build/test/programs/ready-router.js", import.meta.url));

/** Runs a router until it is ready, and kills it. @returns its run id. */
async function crashOnceReady(directory: string): Promise<string> {
  const child = spawn(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGKILL");
  await once(child, "exit");
  return output.toString().trim();
}

async function phasesOf(state: StateDirectory): Promise<string[]> {
  const { documents } = await state.startup.history({ limit: 1000 });
  return documents.map(({ body }) => `${body.boot_count} ${body.phase}${body.stale === true ? "?" : ""}`);
}

test("the history keeps every change of phase, those before the store was open and after it closed included", async () => {
  await using folder = await temporaryFolder();
  const first = await openStateDirectory({ directory: folder.path });
  await first.startup.report({ phase: "ready" });
  await first.startup.stopping();
  await first.close();
  await using second = await openStateDirectory({ directory: folder.path });
  await second.startup.report({ phase: "ready" });
  const firstRun = ["starting", "recovering", "ready", "stopping", "stopped"].map((phase) => `1 ${phase}`);
  await expect
    .poll(() => phasesOf(second), { timeout: 30_000 })
    .toEqual([...firstRun, "2 starting", "2 recovering", "2 ready"]);
  const ready = await second.startup.history({ where: { phase: "ready" }, order: "desc", limit: 1 });
  expect(ready.documents[0]?.body).toMatchObject({ boot_count: 2, ready: true, pid: process.pid });
  expect(second.startup.failures).toBe(0);
});

test("a state directory whose owner is killed ten times shows every phase of each, to a watcher and in its history", async () => {
  await using folder = await temporaryFolder();
  await using watch = new Collector((signal) => watchStartupStatus(folder.path, { signal }));
  const runs: string[] = [];
  for (let kill = 0; kill < 10; kill += 1) runs.push(await crashOnceReady(folder.path));
  await watch.until(({ last }) => last?.stale === true && last.run_id === runs.at(-1));
  const phases = ["starting", "recovering", "initializing_models", "ready"];
  // Recovery reports its result within its phase; changes of phase are what counts here.
  const changes = watch.seen.filter(({ sequence, stale }, index) => {
    const { sequence: sequenceBefore, stale: staleBefore } = watch.seen[index - 1] ?? {};
    return sequence !== sequenceBefore || stale !== staleBefore;
  });
  expect(changes.map(({ run_id, phase, stale }) => `${run_id} ${phase}${stale ? "?" : ""}`)).toEqual(
    runs.flatMap((run) => [...phases, "stopped?"].map((phase) => `${run} ${phase}`)),
  );
  await using next = await openStateDirectory({ directory: folder.path });
  expect(next.startup.current.previous_run).toMatchObject({ outcome: "crashed", run_id: runs.at(-1), phase: "ready" });
  expect(await phasesOf(next)).toEqual([
    ...runs.flatMap((_, index) => [...phases, "stopped?"].map((phase) => `${index + 1} ${phase}`)),
    "11 starting",
    "11 recovering",
  ]);
});
