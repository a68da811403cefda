import { performance, monitorEventLoopDelay } from "node:perf_hooks";
import type { Engine, OpenEngine } from "./engine.js";
import { quantile } from "./statistics.js";
import { Workload } from "./workload.js";

/** How the writers of a cell come back for their next insert. */
export const pacings = ["turns", "at-once"] as const;
export type Pacing = (typeof pacings)[number];

/** One measurement: an engine, a number of concurrent writers, a time. */
export interface CellPlan {
  readonly writers: number;
  /** Of the measured window. */
  readonly seconds: number;
  /** Before the window, under the same load, so that nothing cold is measured. */
  readonly warmUpSeconds: number;
  /**
   * `turns`: each insert begins in a turn of the event loop of its own, as it does in a server, where a request brings it.
   * `at-once`: a writer begins the next insert the moment the last is acknowledged, so that all writers of a group commit
   * come back together.
   */
  readonly pacing: Pacing;
  readonly seed: number;
  readonly directory: string;
}

/** Times in milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface CellResult {
  readonly inserts: number;
  readonly insertsPerSecond: number;
  /** From the moment a writer wants to insert, waiting for the event loop included, to the acknowledgment. */
  readonly latency: Spread;
  /** How much later than due a timer ran: what every other request of the process waits. */
  readonly loopDelay: Spread;
  /** Processor seconds per second, all threads. */
  readonly processor: number;
  readonly closeMs: number;
  readonly figures: Readonly<Record<string, number>>;
}

const timerResolutionMs = 1;

/**
 * Runs one cell, then reopens the store and counts.
 *
 * @throws Error if an insert fails, or if what is stored is not exactly what was acknowledged.
 */
export async function runCell(engine: Engine, plan: CellPlan): Promise<CellResult> {
  const open = await engine.open(plan.directory);
  const workload = new Workload(plan.seed);
  const warmUp = await insertFor(open, workload, plan, plan.warmUpSeconds);

  const loopDelay = monitorEventLoopDelay({ resolution: timerResolutionMs });
  const processorBefore = process.cpuUsage();
  loopDelay.enable();
  const { latencies, elapsedMs } = await insertFor(open, workload, plan, plan.seconds);
  loopDelay.disable();
  const processor = process.cpuUsage(processorBefore);
  const figures = open.figures();

  const closing = performance.now();
  await open.close();
  const closeMs = performance.now() - closing;
  await checkStored(engine, plan.directory, warmUp.latencies.length + latencies.length);

  // The histogram holds the time between two ticks of its timer, in nanoseconds: the part that is due is no delay.
  const delayed = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - timerResolutionMs);
  return {
    inserts: latencies.length,
    insertsPerSecond: latencies.length / (elapsedMs / 1000),
    latency: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), max: quantile(latencies, 1) },
    loopDelay: {
      p50: delayed(loopDelay.percentile(50)),
      p99: delayed(loopDelay.percentile(99)),
      max: delayed(loopDelay.max),
    },
    processor: (processor.user + processor.system) / 1000 / elapsedMs,
    closeMs,
    figures,
  };
}

async function insertFor(
  open: OpenEngine,
  workload: Workload,
  { writers, pacing }: CellPlan,
  seconds: number,
): Promise<{ readonly latencies: readonly number[]; readonly elapsedMs: number }> {
  const latencies: number[] = [];
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const write = async (): Promise<void> => {
    for (let wanted = performance.now(); wanted < end; wanted = performance.now()) {
      if (pacing === "turns") await new Promise((resolve) => setImmediate(resolve));
      const { id, body } = workload.next();
      await open.insert(id, body);
      latencies.push(performance.now() - wanted);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return { latencies, elapsedMs: performance.now() - begin };
}

async function checkStored(engine: Engine, directory: string, acknowledged: number): Promise<void> {
  const reopened = await engine.open(directory);
  try {
    const stored = await reopened.count();
    if (stored !== acknowledged) {
      throw new Error(`${engine.name} acknowledged ${acknowledged} inserts, and ${stored} are there after reopening.`);
    }
  } finally {
    await reopened.close();
  }
}
