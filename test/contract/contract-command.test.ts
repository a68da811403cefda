import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { durabilityContract } from "../../src/contract/index.js";
import { runCli } from "../cli/cli-process.js";
import { temporaryFolder } from "../support/temporary-folder.js";

describe("holdfast contract", () => {
  test("prints a line for each surface, and makes no directory", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await runCli(["contract"], { in: folder.path });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [head, ...lines] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^SURFACE +CLASS +DURABLE +KEPT FOR$/);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(durabilityContract.surfaces.map(({ surface }) => surface));
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("prints data for programs, whole or of one surface", async () => {
    await using folder = await temporaryFolder();
    const whole = await runCli(["contract", "--json"], { in: folder.path });
    expect(JSON.parse(whole.stdout)).toEqual(durabilityContract);
    const one = await runCli(["contract", "--json", "--surface", "files"], { in: folder.path });
    expect(JSON.parse(one.stdout)).toEqual(durabilityContract.surfaces.find(({ surface }) => surface === "files"));
  });

  test("prints all that is promised of one surface", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await runCli(["contract", "--surface", "router_replay"], { in: folder.path });
    expect(code).toBe(0);
    for (const text of ["recovered_after_restart", "replay_records", "30 days", "A RESTART", "VIEWER"]) {
      expect(stdout).toContain(text);
    }
  });

  test("names the surfaces there are when asked for another", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await runCli(["contract", "--surface", "dreams"], { in: folder.path });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("responses, conversations, router_replay");
  });
});
