import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import type { Figures } from "../figures.js";
import { withLoopDelay } from "../loop-delay.js";
import { quantile } from "../statistics.js";
import { channels, type ChannelName, type StatusWriter } from "../watch/channels.js";
import type { WatcherMessage, WatcherOrder } from "../watch/run-watcher.js";

export interface WatchPlan {
  readonly channel: ChannelName;
  readonly directory: string;
  readonly updates: number;
  /** Of the paced pass. */
  readonly perSecond: number;
}

const watcherProgram = fileURLToPath(new URL("../watch/run-watcher.js", import.meta.url));
/** How long the watcher may take to see the last update, before it counts as never seen. */
const patienceMs = 10_000;

/**
 * Status updates from this process to a watcher in another: at a steady pace, then each as soon as the last is reported.
 * The latency of an update is the time from the call that reports it until the watcher has seen it, or a newer one.
 */
export async function watch(plan: WatchPlan): Promise<Figures> {
  const channel = await channels[plan.channel]();
  const writer = await channel.openWriter(plan.directory);
  const order: WatcherOrder = { channel: plan.channel, directory: plan.directory };
  const watcher = fork(watcherProgram, [JSON.stringify(order)]);
  try {
    await messageOf(watcher, "ready");
    const { result: paced, loopDelay } = await withLoopDelay(() => runPass(plan, writer, watcher, 0, plan.perSecond));
    const burst = await runPass(plan, writer, watcher, plan.updates, Infinity);
    return { ...named("paced", paced), ...named("burst", burst), ...loopDelay };
  } finally {
    watcher.kill();
    if (watcher.exitCode === null && watcher.signalCode === null) await once(watcher, "exit");
    await writer.close();
  }
}

async function runPass(
  { updates }: WatchPlan,
  writer: StatusWriter,
  watcher: ChildProcess,
  firstNumber: number,
  perSecond: number,
): Promise<Figures> {
  const reported: number[] = [];
  const reportTimes: number[] = [];
  const begin = performance.now();
  for (let index = 0; index < updates; index += 1) {
    const waitMs = begin + (index * 1000) / perSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    reported.push(monotonicMs());
    const before = performance.now();
    await writer.report(firstNumber + index);
    reportTimes.push(performance.now() - before);
  }
  const last = firstNumber + updates - 1;
  watcher.send({ last, patienceMs });
  const { seen } = await messageOf(watcher, "seen");
  const own = seen.filter(({ number }) => number >= firstNumber && number <= last);
  const latencies: number[] = [];
  let next = 0;
  for (const { number, at } of own) {
    for (; next <= number - firstNumber; next += 1) latencies.push(at - (reported[next] ?? Number.NaN));
  }
  return {
    Seen: own.length,
    SawLast: own.at(-1)?.number === last ? 1 : 0,
    P50: quantile(latencies, 0.5),
    P99: quantile(latencies, 0.99),
    Max: quantile(latencies, 1),
    ReportP50: quantile(reportTimes, 0.5),
    ReportP99: quantile(reportTimes, 0.99),
  };
}

function named(prefix: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${prefix}${name}`, value]));
}

/** The clock that all processes of one machine share. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @throws Error if the watcher ends before it says so. */
function messageOf<Kind extends WatcherMessage["kind"]>(
  watcher: ChildProcess,
  kind: Kind,
): Promise<Extract<WatcherMessage, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      const said = message as WatcherMessage;
      if (said.kind !== kind) return;
      watcher.off("message", onMessage).off("exit", onExit);
      resolve(said as Extract<WatcherMessage, { kind: Kind }>);
    };
    const onExit = (code: number | null): void => {
      reject(new Error(`The watcher ended with exit code ${String(code)} before it was ${kind}.`));
    };
    watcher.on("message", onMessage).on("exit", onExit);
  });
}
