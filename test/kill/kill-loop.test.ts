import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("../../build/test/kill/main.js", import.meta.url));

test(
  "everything acknowledged outlives SIGKILL, in forty rounds of opening, writing and killing",
  { timeout: 300_000 },
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "--rounds", "40", "--seed", "5"]);
    const figures = new Map(stdout.split("\n").map((line) => line.split(/ {2,}/, 2) as [string, string]));
    expect(figures.get("rounds")).toBe("40");
    expect(figures.get("lost")).toBe("0");
    expect(figures.get("wrong")).toBe("0");
    expect(Number.parseInt(figures.get("acknowledged") ?? "", 10)).toBeGreaterThan(100);
    expect(Number(figures.get("kills"))).toBeGreaterThan(30);
    expect(Number(figures.get("accounts of owners"))).toBeGreaterThan(10);
    expect(figures.get("takeovers")).toMatch(/dead \d/);
  },
);
