import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../build/test/drill/main.js", import.meta.url));

describe("the drill", () => {
  it("finds everything that was acknowledged after five kills", { timeout: 180_000 }, async () => {
    const options = ["--kills", "5", "--seconds-per-life", "0.7", "--seed", "7"];
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...options]);
    const figures = new Map(stdout.split("\n").map((line) => line.split(/ {2,}/, 2) as [string, string]));
    expect(figures.get("lost")).toBe("0");
    expect(figures.get("wrong")).toBe("0");
    expect(figures.get("in progress without an owner")).toBe("0");
    expect(figures.get("file count mismatches")).toBe("0");
    expect(figures.get("kills")).toMatch(/^5,/);
    expect(Number(figures.get("acknowledged turns"))).toBeGreaterThan(0);
    // Each kind of client proves at the end, however early the kills came, that it can go on.
    expect(figures.get("kept files")).toMatch(/^[1-9]/);
    expect(figures.get("kept vector stores")).toMatch(/^[1-9]\d* with [1-9]/);
    expect(figures.get("replay records")).toMatch(/completed \(response_complete\) [1-9]/);
    expect(Number.parseInt(figures.get("restarts that replayed") ?? "", 10)).toBeGreaterThan(0);
    expect(figures.get("previous run, as reported")).toMatch(/crashed [1-9]/);
  });
});
