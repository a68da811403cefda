import { describe, expect, test } from "vitest";
import { runCli, startCli, valuesOf, type RunningCli } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

interface Status {
  readonly phase: string;
  readonly ready: boolean;
  readonly stale?: boolean;
  readonly pid?: number;
}

function serve(folder: string): RunningCli {
  return startCli(["serve", "--port", "0", "--json"], { in: folder });
}

async function status(folder: string): Promise<{ code: number | null; status: Status }> {
  const { code, stdout } = await runCli(["status", "--json"], { in: folder });
  return { code, status: JSON.parse(stdout) as Status };
}

describe("status", () => {
  test("is ready only while a living process says so", async () => {
    await using folder = await temporaryFolder();
    expect(await status(folder.path)).toMatchObject({ code: 3, status: { phase: "unknown", ready: false } });
    await using first = serve(folder.path);
    await first.until((stdout) => stdout.includes('"event":"listening"'));
    expect(await status(folder.path)).toMatchObject({
      code: 0,
      status: { phase: "ready", ready: true, pid: first.child.pid },
    });
    const text = await runCli(["status"], { in: folder.path });
    expect(text.stdout).toMatch(/^Phase +ready$/m);
    expect(text.stdout).toMatch(new RegExp(`^Process +pid ${first.child.pid ?? 0} on `, "m"));

    first.kill("SIGKILL");
    await first.ended;
    expect(await status(folder.path)).toMatchObject({
      code: 3,
      status: { phase: "stopped", ready: false, stale: true },
    });
    expect((await runCli(["status"], { in: folder.path })).stdout).toMatch(/^Phase +stopped \(stale/m);

    await using second = serve(folder.path);
    await second.until((stdout) => stdout.includes('"event":"listening"'));
    second.kill("SIGTERM");
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(await status(folder.path)).toMatchObject({
      code: 3,
      status: { phase: "stopped", ready: false, stale: false },
    });
  });

  test("--watch --json prints the status as it stands, and what follows", async () => {
    await using folder = await temporaryFolder();
    await using serving = serve(folder.path);
    await serving.until((stdout) => stdout.includes('"event":"listening"'));
    await using watching = startCli(["status", "--watch", "--json"], { in: folder.path });
    await watching.until((stdout) => stdout.includes('"phase":"ready"'));
    serving.kill("SIGKILL");
    await watching.until((stdout) => stdout.includes('"stale":true'));
    watching.kill("SIGTERM");
    expect(await watching.ended).toMatchObject({ code: 0 });
    expect((watching.values as Status[]).at(-1)).toMatchObject({ phase: "stopped", ready: false, stale: true });
  });

  test("--watch prints every phase in order, begun before the directory exists", async () => {
    await using folder = await temporaryFolder();
    await using watching = startCli(["status", "--watch"], { in: folder.path });
    await watching.until((_, stderr) => stderr.includes("nothing has been reported"));
    await using serving = serve(folder.path);
    await watching.until((stdout) => stdout.includes("  ready  "));
    serving.kill("SIGTERM");
    await serving.ended;
    await watching.until((stdout) => stdout.includes("  stopped  "));
    watching.kill("SIGINT");
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    const phases = [...stdout.matchAll(/^\S+ {2}([a-z_]+) {2}pid /gm)].map(([, phase]) => phase);
    expect(phases.filter((phase, at) => phase !== phases[at - 1])).toEqual([
      "starting",
      "recovering",
      "initializing_models",
      "ready",
      "stopping",
      "stopped",
    ]);
  });
});

describe("wait-ready", () => {
  test("ends with 0 when a process is ready, begun before the directory exists", async () => {
    await using folder = await temporaryFolder();
    await using waiting = startCli(["wait-ready", "--timeout", "50"], { in: folder.path });
    await waiting.until((_, stderr) => stderr.includes("waiting"));
    await using serving = serve(folder.path);
    expect(await waiting.ended).toMatchObject({ code: 0 });
    expect(waiting.stdout).toMatch(new RegExp(`^\\S+ {2}ready {2}pid ${serving.child.pid ?? 0} {2}`));
    const again = await runCli(["wait-ready", "--timeout", "0", "--json"], { in: folder.path });
    expect(again.code).toBe(0);
    expect(valuesOf(again.stdout)).toMatchObject([{ phase: "ready", ready: true, pid: serving.child.pid }]);
  });

  test("ends with 3 when the time is up", async () => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await runCli(["wait-ready", "--timeout", "0.3", "--json"], { in: folder.path });
    expect(code).toBe(3);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "TIMEOUT" } });
  });

  test("ends with 1 at once when the process reports an error, here because its port is taken", async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    await using first = serve(other.path);
    await first.until((stdout) => stdout.includes('"event":"listening"'));
    const { url } = valuesOf(first.stdout).at(-1) as { url: string };
    await using waiting = startCli(["wait-ready", "--timeout", "600"], { in: folder.path });
    await waiting.until((_, stderr) => stderr.includes("waiting"));
    const second = await runCli(["serve", "--port", new URL(url).port, "--json"], { in: folder.path });
    expect(second.code).not.toBe(0);
    expect(await waiting.ended).toMatchObject({ code: 1 });
    expect((await waiting.ended).stderr).toContain("STARTUP_FAILED");
  });
});
