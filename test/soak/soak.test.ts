import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("../../build/test/soak/main.js", import.meta.url));

test(
  "a third of a minute of mixed traffic, with kills, loses nothing, and every figure is measured",
  { timeout: 240_000 },
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "--minutes", "0.3", "--seed", "1"]);
    const lines = stdout.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
    const figures = new Map(lines.map(([, name = "", value = ""]) => [name, value]));
    expect(figures.get("lost")).toBe("0");
    expect(figures.get("wrong")).toBe("0");
    expect(figures.get("kills")).toMatch(/^[2-9].*, of [2-9].* services and [1-9].* writers/);
    expect(figures.get("acknowledged")).toMatch(/^[1-9].* over HTTP, [1-9].* by the library/);
    expect(figures.get("comparisons")).toMatch(/^[1-9].* over HTTP, [1-9].* by the reader/);
    expect(figures.get("kept at the end")).not.toMatch(/\b0 /);
    expect(figures.get("packs")).toMatch(/^[1-9]/);
    expect(figures.get("reader")).toMatch(/^[1-9]/);
    for (const subject of ["reader", "status watcher", "service"]) {
      const measured = lines.filter(([, phase, of]) => phase === "undisturbed" && of === subject);
      expect(measured.map((row) => row[3])).toEqual(expect.arrayContaining(["live heap", "resident memory"]));
    }
    const state = lines.filter(([, phase, of]) => phase === "undisturbed" && of === "state directory");
    expect(state.map((row) => row[3])).toEqual(expect.arrayContaining(["files per living document", "packs"]));
    expect(stdout.trimEnd()).toMatch(/^PASSED: 0 lost, 0 wrong; 0 of \d+ figures grow.*$/m);
  },
);
