import { performance } from "node:perf_hooks";
import type { Figures } from "./figures.js";
import { withLoopDelay } from "./loop-delay.js";
import { quantile } from "./statistics.js";

/** How the writers of a cell come back for their next write. */
export const pacings = ["turns", "at-once"] as const;
export type Pacing = (typeof pacings)[number];

export interface WritersPlan {
  readonly writers: number;
  /** Of the measured window. */
  readonly seconds: number;
  /** Before the window, under the same load, so that nothing cold is measured. */
  readonly warmUpSeconds: number;
  /**
   * `turns`: each write begins in a turn of the event loop of its own, as it does in a server, where a request brings it.
   * `at-once`: a writer begins the next write the moment the last is acknowledged, so that all writers of a group commit
   * come back together.
   */
  readonly pacing: Pacing;
}

/** Makes the writes of one writer, one after the other. */
export type Writer = () => Promise<void>;

/**
 * Lets the writers write for the time of the warm-up, then for that of the window.
 *
 * @returns of the window: `perSecond`; `latency...`, from the moment a writer wants to write, waiting for the event loop
 * included, to the acknowledgment; `longestStall` between two acknowledgments of whichever writers; `lastThirdPerSecond`;
 * the delay of the event loop; `processors`, the processor seconds per second of all threads.
 */
export async function measureWriters(plan: WritersPlan, writers: readonly Writer[]): Promise<Figures> {
  await writeFor(writers, plan.pacing, plan.warmUpSeconds);
  const processorBefore = process.cpuUsage();
  const { result, loopDelay } = await withLoopDelay(() => writeFor(writers, plan.pacing, plan.seconds));
  const processor = process.cpuUsage(processorBefore);
  const { latencies, elapsedMs, longestStall, inLastThird } = result;
  return {
    writes: latencies.length,
    perSecond: latencies.length / (elapsedMs / 1000),
    lastThirdPerSecond: inLastThird / (plan.seconds / 3),
    longestStall,
    latencyP50: quantile(latencies, 0.5),
    latencyP99: quantile(latencies, 0.99),
    latencyMax: quantile(latencies, 1),
    ...loopDelay,
    processors: (processor.user + processor.system) / 1000 / elapsedMs,
  };
}

interface Written {
  readonly latencies: readonly number[];
  readonly elapsedMs: number;
  readonly longestStall: number;
  /** Acknowledged in the last third of the time asked for. */
  readonly inLastThird: number;
}

async function writeFor(writers: readonly Writer[], pacing: Pacing, seconds: number): Promise<Written> {
  const latencies: number[] = [];
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const lastThird = begin + (seconds * 2000) / 3;
  let acknowledged = begin;
  let longestStall = 0;
  let inLastThird = 0;
  const run = async (write: Writer): Promise<void> => {
    for (let wanted = performance.now(); wanted < end; wanted = performance.now()) {
      if (pacing === "turns") await new Promise((resolve) => setImmediate(resolve));
      await write();
      const now = performance.now();
      latencies.push(now - wanted);
      longestStall = Math.max(longestStall, now - acknowledged);
      acknowledged = now;
      if (now >= lastThird && now < end) inLastThird += 1;
    }
  };
  await Promise.all(writers.map(run));
  return { latencies, elapsedMs: performance.now() - begin, longestStall, inLastThird };
}
