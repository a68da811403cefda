import { once } from "node:events";
import { createInterface } from "node:readline";
import { startCell } from "./cell-process.js";
import { beginning, type WriteUntilKilledPlan } from "./write-until-killed.js";

/** Long enough for what a killed server leaves running to see that it is gone. */
const settlingMs = 300;
const goneWithinMs = 30_000;

/**
 * Lets a process write for `seconds`, then kills it with SIGKILL, and its server with it.
 *
 * @returns how many documents were acknowledged, at least.
 * @throws Error if it ended by itself.
 */
export async function killWhileWriting(plan: WriteUntilKilledPlan, seconds: number): Promise<number> {
  const child = startCell("write-until-killed", plan);
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints = (complaints + text).slice(-4096)));
  const end = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  let acknowledged = 0;
  let server = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith(beginning)) {
      acknowledged = Number(line);
      return;
    }
    server = Number(line.slice(beginning.length));
    setTimeout(() => {
      child.kill("SIGKILL");
      if (server > 0) process.kill(server, "SIGKILL");
    }, seconds * 1000);
  });
  const [, signal] = await end;
  if (signal !== "SIGKILL") throw new Error(`The writer to be killed ended by itself: ${complaints.trim()}`);
  if (server > 0) {
    await untilGone(server);
    await new Promise((resolve) => setTimeout(resolve, settlingMs));
  }
  return acknowledged;
}

/** A server refuses to start while the process of the one before is still known to the system. */
async function untilGone(server: number): Promise<void> {
  for (const deadline = performance.now() + goneWithinMs; performance.now() < deadline;) {
    try {
      process.kill(server, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`The server that was killed, process ${server}, is still there.`);
}
