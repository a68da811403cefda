/**
 * Loaded into each process of a soak before its program, with `--import`: answers on the channel to its parent how much
 * memory is in use, behind a full collection (`--expose-gc`). The program itself knows nothing of it.
 */
import { getActiveResourcesInfo } from "node:process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isVitalsQuestion, type VitalsAnswer } from "../processes/vitals.js";

/** Finer than the delays that matter, and coarse enough to cost nothing. */
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
const nanosecondsPerMillisecond = 1e6;

process.on("message", (message) => {
  if (!isVitalsQuestion(message)) return;
  const { rss } = process.memoryUsage();
  const p99 = delays.percentile(99) / nanosecondsPerMillisecond;
  if (globalThis.gc === undefined) throw new Error("The process was not started with --expose-gc.");
  globalThis.gc();
  // What the collection takes is no delay of the program's.
  delays.reset();
  const { heapUsed, external } = process.memoryUsage();
  const answer: VitalsAnswer = {
    vitals: message.vitals,
    answer: {
      liveHeap: heapUsed,
      outsideHeap: external,
      resident: rss,
      resources: getActiveResourcesInfo().length,
      eventLoopDelay: p99,
    },
  };
  process.send?.(answer);
});
// The channel must not keep a program alive that has come to its end.
process.channel?.unref();
