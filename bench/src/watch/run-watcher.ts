import { channels, type ChannelName } from "./channels.js";

export interface WatcherOrder {
  readonly channel: ChannelName;
  readonly directory: string;
}

/** An update that the watcher saw, and when, on the clock that all processes of the machine share. */
export interface Sighting {
  readonly number: number;
  readonly at: number;
}

export type WatcherMessage = { readonly kind: "ready" } | { readonly kind: "seen"; readonly seen: readonly Sighting[] };

/** What it is asked: to tell what it saw, as soon as it has seen the last one, or after so long. */
export interface WatcherQuestion {
  readonly last: number;
  readonly patienceMs: number;
}

/** The program of the watching process. */
const order = JSON.parse(process.argv[2] ?? "") as WatcherOrder;
const channel = await channels[order.channel]();
let seen: Sighting[] = [];
let newest = -1;
let answer: (() => void) | undefined;
let awaited = Infinity;

process.on("message", (question: WatcherQuestion) => {
  awaited = question.last;
  const patience = setTimeout(() => answer?.(), question.patienceMs);
  answer = () => {
    clearTimeout(patience);
    answer = undefined;
    awaited = Infinity;
    tell({ kind: "seen", seen });
    seen = [];
  };
  if (newest >= awaited) answer();
});

await channel.openWatcher(order.directory, (number) => {
  const at = Number(process.hrtime.bigint()) / 1e6;
  // A status may come twice, with a new sign of life.
  if (number <= newest) return;
  newest = number;
  seen.push({ number, at });
  if (number >= awaited) answer?.();
});
tell({ kind: "ready" });

function tell(message: WatcherMessage): void {
  process.send?.(message);
}
