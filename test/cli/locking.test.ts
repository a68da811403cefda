import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { runCli, startCli, type RunningCli } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A second process that really holds the directory. */
async function holder(folder: string, environment: Record<string, string> = {}): Promise<RunningCli> {
  const running = startCli(["serve", "--port", "0", "--json"], { in: folder, environment });
  await running.until((stdout) => stdout.includes('"event":"listening"'));
  return running;
}

describe("a directory that another process holds", () => {
  test.each([
    [["put", "notes", "n1", "{}", "--create"]],
    [["recover"]],
    [["delete", "notes", "n1"]],
    [["serve", "--port", "0"]],
  ])("%j ends with 5 and names the holder", async (given) => {
    await using folder = await temporaryFolder();
    await using held = await holder(folder.path);
    const text = await runCli(given, { in: folder.path });
    expect(text.code).toBe(5);
    expect(text.stderr).toContain("WRITER_LOCKED");
    expect(text.stderr).toContain(String(held.child.pid));
    expect(text.stderr).toContain(hostname());

    const json = await runCli([...given, "--json"], { in: folder.path });
    expect(json.code).toBe(5);
    const { error } = JSON.parse(json.stderr) as { error: { code: string; details: Record<string, unknown> } };
    expect(error.code).toBe("WRITER_LOCKED");
    expect(error.details).toMatchObject({ pid: held.child.pid, host: hostname() });
    expect(Date.parse(String(error.details["since"]))).not.toBeNaN();
  });

  test("can be read all the same", async () => {
    await using folder = await temporaryFolder();
    await runCli(["put", "notes", "n1", '{"text":"one"}', "--create"], { in: folder.path });
    await using held = await holder(folder.path);
    for (const given of [
      ["get", "notes", "n1"],
      ["ls"],
      ["ls", "notes"],
      ["changes"],
      ["status"],
      ["verify"],
      ["config"],
    ]) {
      const { code, stderr } = await runCli(given, { in: folder.path });
      expect({ given, code, stderr }).toEqual({ given, code: 0, stderr: "" });
    }
    held.kill("SIGTERM");
    expect(await held.ended).toMatchObject({ code: 0 });
  });

  test("is waited for with --wait, and taken the moment the holder leaves", async () => {
    await using folder = await temporaryFolder();
    await using held = await holder(folder.path);
    await using waiting = startCli(["put", "notes", "n1", "{}", "--create", "--wait", "60"], { in: folder.path });
    await expect(Promise.race([waiting.ended, delayed(1000)])).resolves.toBe("still waiting");
    held.kill("SIGTERM");
    expect(await waiting.ended).toMatchObject({ code: 0 });
  });

  test("is free at once when the holder was killed", async () => {
    await using folder = await temporaryFolder();
    await using held = await holder(folder.path);
    held.kill("SIGKILL");
    await held.ended;
    expect(await runCli(["put", "notes", "n1", "{}", "--create"], { in: folder.path })).toMatchObject({ code: 0 });
  });

  test("is taken from a paused holder only with --take-over, and the holder then says so and ends with 1", async () => {
    await using folder = await temporaryFolder();
    const environment = { HOLDFAST_LOCK_STALE_AFTER_MS: "1000", HOLDFAST_LOCK_HEARTBEAT_MS: "200" };
    await using held = await holder(folder.path, environment);
    held.kill("SIGSTOP");
    const put = ["put", "notes", "n1", "{}", "--create"];
    expect((await runCli([...put, "--wait", "2"], { in: folder.path, environment })).code).toBe(5);
    expect(await runCli([...put, "--take-over", "--wait", "10"], { in: folder.path, environment })).toMatchObject({
      code: 0,
    });
    held.kill("SIGCONT");
    const { code, stdout } = await held.ended;
    expect(code).toBe(1);
    expect(stdout).toContain('{"event":"condition","state":"fenced"');
    expect(JSON.parse((await runCli(["recover", "--json"], { in: folder.path })).stdout)).toMatchObject({
      outcome: "recovered",
      lostSequences: [],
    });
    expect(await runCli(["get", "notes", "n1"], { in: folder.path })).toMatchObject({ code: 0 });
  });
});

async function delayed(milliseconds: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return "still waiting";
}
