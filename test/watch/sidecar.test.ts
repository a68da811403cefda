import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.js";
import { WriterProcess } from "./writer-process.js";

const program = fileURLToPath(new URL("../../build/examples/sidecar/main.js", import.meta.url));

/** A user namespace has limits of its own: in it the system can be made to refuse every watch. */
const withoutWatches = ["-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', "sh"];
const canRefuseWatches = spawnSync("unshare", [...withoutWatches, "true"]).status === 0;

/** Has a sidecar, which `start` starts, watch a run that is killed. @returns the lines it printed. */
async function watchOneRun(directory: string, start: () => ChildProcess): Promise<string[]> {
  await using writer = await WriterProcess.start({ directory });
  const child = start();
  if (child.stdout === null) throw new Error("its output is not piped");
  const seen: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    seen.push(line);
    // Its first line shows that it watches; what happens next it has to notice by itself.
    if (seen.length === 1) await writer.report({ phase: "ready", message: "Serving." });
    if (seen.length === 2) await writer.kill();
    if (seen.length === 3) child.kill("SIGTERM");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  return seen;
}

const oneRun = [
  expect.stringMatching(/run 1 \w{8} {2}starting .*not ready/),
  expect.stringMatching(/run 1 \w{8} {2}ready .*ready.*Serving\./),
  expect.stringMatching(/run 1 \w{8} {2}stopped .*not ready, stale.*last seen in phase ready/),
];

test("the sidecar prints every phase of a run that gets killed, and leaves when told", async () => {
  await using folder = await temporaryFolder();
  const start = (): ChildProcess =>
    spawn(process.execPath, [program, folder.path], { stdio: ["ignore", "pipe", "inherit"] });
  expect(await watchOneRun(folder.path, start)).toEqual(oneRun);
});

test("with --json it prints whole statuses", async () => {
  await using folder = await temporaryFolder();
  const command = [program, "--json", folder.path];
  const start = (): ChildProcess => spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  const seen = (await watchOneRun(folder.path, start)).map(
    (line) => JSON.parse(line) as { phase: string; pid: number },
  );
  expect(seen.map(({ phase }) => phase)).toEqual(["starting", "ready", "stopped"]);
  expect(seen[0]?.pid).toBeTypeOf("number");
});

test.skipIf(!canRefuseWatches)("where the system refuses to watch, it says so once and polls", async () => {
  await using folder = await temporaryFolder();
  const command = [...withoutWatches, process.execPath, program, folder.path];
  let complaints = "";
  const start = (): ChildProcess => {
    const child = spawn("unshare", command, { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.on("data", (text: Buffer) => {
      complaints += text.toString();
    });
    return child;
  };
  expect(await watchOneRun(folder.path, start)).toEqual(oneRun);
  expect(complaints.match(/gives no hints/g)).toHaveLength(1);
});
