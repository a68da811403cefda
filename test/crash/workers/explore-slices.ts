import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Counts } from "../counts.js";
import type { Violation } from "../explorer.js";
import type { Slice } from "../slices.js";
import type { SliceRequest, WorkerMessage } from "./messages.js";

export interface WorkersOptions {
  /** How many processes share the work. */
  readonly jobs: number;
  /** After so many violations no further slice is begun. */
  readonly mostViolations: number;
  readonly onViolation: (violation: Violation) => void;
  /** Called when a slice is done. */
  readonly onExplored: (slice: Slice, done: number) => void;
}

export interface Exploration {
  readonly counts: Counts;
  /** In the order of the slices, whichever process was first. */
  readonly violations: readonly Violation[];
}

const program = fileURLToPath(new URL("worker.js", import.meta.url));

/**
 * Explores slices in several processes. What comes out is put together in the order of the slices, so it does not depend
 * on how many processes there are, nor on which is faster, as long as the violations are not too many.
 *
 * @throws Error if the exploration itself fails, or a worker ends.
 */
export async function exploreSlices(slices: readonly Slice[], options: WorkersOptions): Promise<Exploration> {
  const { jobs, mostViolations } = options;
  const explored = new Map<Slice, { counts: Counts; violations: Violation[] }>();
  const waiting = [...slices];
  let violations = 0;
  const work = async (): Promise<void> => {
    // Full disks and displaced owners are warned of by the thousand, as they should be.
    const worker = fork(program, { serialization: "advanced", execArgv: [...process.execArgv, "--no-warnings"] });
    try {
      for (;;) {
        const slice = violations < mostViolations ? waiting.shift() : undefined;
        if (slice === undefined) return;
        const found: Violation[] = [];
        const counts = await exploreIn(worker, { slice, mostViolations }, (violation) => {
          found.push(violation);
          violations += 1;
          options.onViolation(violation);
        });
        explored.set(slice, { counts, violations: found });
        options.onExplored(slice, explored.size);
      }
    } finally {
      if (worker.connected) worker.disconnect();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, slices.length) }, work));
  const counts = new Counts();
  const all: Violation[] = [];
  for (const slice of slices) {
    const result = explored.get(slice);
    if (result === undefined) continue;
    counts.add(result.counts);
    all.push(...result.violations);
  }
  return { counts, violations: all };
}

async function exploreIn(
  worker: ChildProcess,
  request: SliceRequest,
  onViolation: (violation: Violation) => void,
): Promise<Counts> {
  const ended = new AbortController();
  const end = (code: number | null, signal: string | null): void => {
    ended.abort(new Error(`a worker ended with ${signal ?? String(code)} in ${JSON.stringify(request.slice)}`));
  };
  worker.once("exit", end);
  try {
    // One who listens all the time: two messages may arrive in one turn.
    const result = new Promise<Counts>((resolve, reject) => {
      ended.signal.addEventListener("abort", () => {
        reject(ended.signal.reason as Error);
      });
      worker.on("message", (message: WorkerMessage) => {
        if (message.kind === "violation") onViolation(message.violation);
        else if (message.kind === "explored") resolve(new Counts(message.scenarios));
        else reject(new Error(`${JSON.stringify(request.slice)} could not be explored: ${message.reason}`));
      });
    });
    worker.send(request);
    return await result;
  } finally {
    worker.removeAllListeners("message");
    worker.off("exit", end);
  }
}
