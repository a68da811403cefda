import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Figures } from "../figures.js";
import type { CellName, PlanOf } from "./index.js";

/** The program that runs one cell. */
const cellProgram = fileURLToPath(new URL("./run-cell.js", import.meta.url));

/** Longer than any cell takes: one that hangs shall not keep the others from being measured. */
const timeoutMs = 20 * 60_000;

/** Starts the process of a cell, which ends with this one at the latest. */
export function startCell<Name extends CellName>(
  name: Name,
  plan: PlanOf<Name>,
): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, [cellProgram, name, JSON.stringify(plan)], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
  });
  const end = (): void => {
    child.kill();
  };
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  return child;
}

/**
 * Runs one cell in a process of its own, so that no cell finds the heap or the threads of another.
 *
 * @throws Error if the cell fails.
 */
export function runCell<Name extends CellName>(name: Name, plan: PlanOf<Name>): Promise<Figures> {
  // What the cell before left to be written would otherwise be written during this one.
  if (process.platform !== "win32") spawnSync("sync");
  return new Promise((resolve, reject) => {
    const child = startCell(name, plan);
    let output = "";
    let complaints = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints = (complaints + text).slice(-4096)));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(output) as Figures);
      else reject(new Error(`The cell ended with ${signal ?? `exit code ${String(code)}`}: ${sayingOf(complaints)}`));
    });
  });
}

/** The line that names the error, among those that show where it came from. */
function sayingOf(complaints: string): string {
  const lines = complaints.split("\n");
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? complaints.trim();
}
