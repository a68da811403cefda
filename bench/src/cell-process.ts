import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CellPlan, CellResult } from "./cell.js";
import type { EngineName } from "./engines/index.js";

/** What a cell's process is told, as JSON in its first argument. */
export interface CellOrder {
  readonly engine: EngineName;
  readonly plan: CellPlan;
}

const program = fileURLToPath(new URL("./run-cell.js", import.meta.url));

/**
 * Runs one cell in a process and a directory of its own, so that no cell finds the heap, the threads, the page cache or
 * the files of another, and removes the directory.
 *
 * @throws Error if the cell fails.
 */
export async function runCellProcess(engine: EngineName, plan: CellPlan): Promise<CellResult> {
  const directory = await mkdtemp(join(plan.directory, "holdfast-bench-"));
  // What the cell before left to be written would otherwise be written during this one.
  if (process.platform !== "win32") spawnSync("sync");
  try {
    const order: CellOrder = { engine, plan: { ...plan, directory } };
    return await resultOf(order);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function resultOf(order: CellOrder): Promise<CellResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(output) as CellResult);
      else reject(new Error(`The cell of ${order.engine} ended with ${signal ?? `exit code ${String(code)}`}.`));
    });
  });
}
