import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Figures } from "./figures.js";

const timerResolutionMs = 1;

/** Measures, while `work` runs, how much later than due a timer ran: what every other request of the process waits. */
export async function withLoopDelay<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly loopDelay: Figures }> {
  const histogram = monitorEventLoopDelay({ resolution: timerResolutionMs });
  histogram.enable();
  const result = await work();
  // The time since its last tick counts only once it has ticked again.
  await new Promise((resolve) => setTimeout(resolve, 2 * timerResolutionMs));
  histogram.disable();
  // The histogram holds the time between two ticks, in nanoseconds: the part that is due is no delay.
  const delayed = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - timerResolutionMs);
  return {
    result,
    loopDelay: {
      loopDelayP50: delayed(histogram.percentile(50)),
      loopDelayP99: delayed(histogram.percentile(99)),
      loopDelayMax: delayed(histogram.max),
    },
  };
}
