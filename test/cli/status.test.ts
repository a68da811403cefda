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

  test("--watch prints every phase in order, begun before the directory exists", async () => {
    await using folder = await temporaryFolder();
    await using watching = startCli(["status", "--watch", "--json"], { in: folder.path });
    await using serving = serve(folder.path);
    await watching.until((stdout) => stdout.includes('"phase":"ready"'));
    serving.kill("SIGTERM");
    await serving.ended;
    await watching.until((stdout) => stdout.includes('"phase":"stopped"'));
    watching.kill("SIGINT");
    expect(await watching.ended).toMatchObject({ code: 0 });
    const phases = (watching.values as Status[])
      .map(({ phase }) => phase)
      .filter((phase, at, all) => phase !== all[at - 1]);
    expect(phases).toEqual(["starting", "recovering", "initializing_models", "ready", "stopping", "stopped"]);
  });
});

describe("wait-ready", () => {
  test("ends with 0 when a process is ready, begun before the directory exists", async () => {
    await using folder = await temporaryFolder();
    await using waiting = startCli(["wait-ready", "--timeout", "50", "--json"], { in: folder.path });
    await using serving = serve(folder.path);
    expect(await waiting.ended).toMatchObject({ code: 0 });
    expect(valuesOf(waiting.stdout)).toMatchObject([{ phase: "ready", ready: true, pid: serving.child.pid }]);
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
    const second = await runCli(["serve", "--port", new URL(url).port, "--json"], { in: folder.path });
    expect(second.code).not.toBe(0);
    expect(await waiting.ended).toMatchObject({ code: 1 });
    expect((await waiting.ended).stderr).toContain("STARTUP_FAILED");
  });
});
