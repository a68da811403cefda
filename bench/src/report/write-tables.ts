import { documentSize, megabytes, milliseconds, ratio, table, whole } from "./format.js";
import { bestPeer, engineNamed, figureOf, isEmbedded, worstOf, type Measured } from "./select.js";

const figure = "perSecond";

/** Writes per second, side by side. */
export function writeTable(all: readonly Measured[], redis: boolean): string {
  const best = figureOf(bestPeer(all, figure, isEmbedded), figure);
  const nonBlocking = figureOf(
    bestPeer(all, figure, (engine) => isEmbedded(engine) && !engine.blocking),
    figure,
  );
  const server = figureOf(engineNamed(all, "redis"), figure);
  const rows = all.map((measured) => {
    const speed = figureOf(measured, figure);
    return [
      nameOf(measured),
      whole(speed),
      rangeOf(measured),
      ratio(speed / best),
      ratio(speed / nonBlocking),
      ...(redis ? [ratio(speed / server)] : []),
      ...times(measured),
      ratio(figureOf(measured, "processors")),
    ];
  });
  return table(
    [
      "engine",
      "writes/s",
      "range",
      "to best embedded peer",
      "to best non-blocking",
      ...(redis ? ["to Redis"] : []),
      "latency p50 ms",
      "p99 ms",
      "loop delay p99 ms",
      "max ms",
      "processors",
    ],
    rows,
  );
}

export function sustainedTable(all: readonly Measured[]): string {
  const best = figureOf(bestPeer(all, figure, isEmbedded), figure);
  return table(
    [
      "engine",
      "writes/s",
      "range",
      "last third",
      "to best embedded peer",
      "longest stall ms",
      "latency p50 ms",
      "p99 ms",
      "loop delay p99 ms",
      "max ms",
      "peak memory MB",
    ],
    all.map((measured) => [
      nameOf(measured),
      whole(figureOf(measured, figure)),
      rangeOf(measured),
      whole(figureOf(measured, "lastThirdPerSecond")),
      ratio(figureOf(measured, figure) / best),
      milliseconds(worstOf(measured, "longestStall")),
      ...times(measured),
      megabytes(figureOf(measured, "peakMemory")),
    ]),
  );
}

/** What holdfast's own figures were, round by round; nothing if it was not measured. */
export function ownFigures(all: readonly Measured[]): string[] {
  return all
    .filter(({ description }) => description.kind === "holdfast")
    .map(({ description, rounds }) => {
      const each = (name: string): string => rounds.map((round) => whole(round[name])).join(", ");
      return (
        `${description.name}, round by round: checkpoints completed ${each("checkpoints")}; commits not yet covered by one ` +
        `at the end ${each("backlog")}; closing took ${each("close")} ms.`
      );
    });
}

/** "1 KB documents, 64 writers" */
export function writeTitle(setup: Readonly<Record<string, number>>): string {
  const writers = setup["writers"] ?? 0;
  return `${documentSize(setup["documentBytes"] ?? 0)} documents, ${writers} ${writers === 1 ? "writer" : "writers"}`;
}

function nameOf({ description }: Measured): string {
  const remarks = [description.blocking ? "blocks" : "", description.durable ? "" : "not durable"].filter(Boolean);
  return remarks.length === 0 ? description.name : `${description.name} (${remarks.join(", ")})`;
}

function rangeOf({ rounds }: Measured): string {
  const speeds = rounds.map((round) => round[figure] ?? Number.NaN);
  return `${whole(Math.min(...speeds))} to ${whole(Math.max(...speeds))}`;
}

function times(measured: Measured): string[] {
  return ["latencyP50", "latencyP99", "loopDelayP99", "loopDelayMax"].map((name) =>
    milliseconds(figureOf(measured, name)),
  );
}
