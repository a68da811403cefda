import { bestPeer, summaryOf, type Measurement } from "./measurement.js";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** The tables for people, in Markdown: one for each number of writers, and what holdfast's own figures were. */
export function reportOf(measurements: readonly Measurement[]): string {
  const writers = [...new Set(measurements.map((measurement) => measurement.writers))];
  const parts = writers.map((count) =>
    tableOf(
      count,
      measurements.filter((each) => each.writers === count),
    ),
  );
  return [...parts, settingsOf(measurements)].join("\n\n");
}

function tableOf(writers: number, measurements: readonly Measurement[]): string {
  const best = bestPeer(measurements);
  const bestNonBlocking = bestPeer(measurements, ({ engine }) => !engine.blocking);
  const ratio = (speed: number, to: Measurement | undefined): string =>
    to === undefined ? "-" : (speed / summaryOf(to).insertsPerSecond).toFixed(2);
  const rows = measurements.map((measurement) => {
    const { name, blocking } = measurement.engine;
    const summary = summaryOf(measurement);
    const speed = summary.insertsPerSecond;
    return [
      blocking ? `${name} (blocks)` : name,
      whole.format(speed),
      `${whole.format(summary.slowest)} to ${whole.format(summary.fastest)}`,
      ratio(speed, best),
      ratio(speed, bestNonBlocking),
      milliseconds(summary.latency.p50),
      milliseconds(summary.latency.p99),
      milliseconds(summary.loopDelay.p99),
      milliseconds(summary.loopDelay.max),
      summary.processor.toFixed(2),
    ];
  });
  const heading = [
    "engine",
    "inserts/s",
    "range",
    "to best peer",
    "to best non-blocking",
    "latency p50 ms",
    "p99 ms",
    "loop delay p99 ms",
    "max ms",
    "processors",
  ];
  const lines = [heading, heading.map((_, column) => (column === 0 ? "---" : "--:")), ...rows];
  const own = measurements.filter(({ engine }) => !engine.peer);
  return [
    `### ${writers} concurrent ${writers === 1 ? "writer" : "writers"}`,
    "",
    ...lines.map((cells) => `| ${cells.join(" | ")} |`),
    ...own.flatMap((measurement) => ["", ownFigures(measurement)]),
  ].join("\n");
}

function ownFigures({ engine, rounds }: Measurement): string {
  const each = (name: string): string =>
    rounds.map(({ figures }) => whole.format(figures[name] ?? Number.NaN)).join(", ");
  const closing = rounds.map(({ closeMs }) => whole.format(closeMs)).join(", ");
  return (
    `${engine.name}, round by round: checkpoints completed ${each("checkpoints")}; commits not yet covered by one at the ` +
    `end ${each("backlog")}; closing took ${closing} ms.`
  );
}

function settingsOf(measurements: readonly Measurement[]): string {
  const settings = new Map(measurements.map(({ engine }) => [engine.name, engine.setting]));
  return [...settings].map(([name, setting]) => `- ${name}: ${setting}`).join("\n");
}

function milliseconds(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}
