import type { EngineDescription, Measurement, Run, Setup, TableName } from "../run.js";

/** A measurement and whose it is. */
export interface Measured extends Measurement {
  readonly description: EngineDescription;
}

/** The measurements of a table, by setup, in the order they were made. */
export function groupsOf(run: Run, table: TableName): readonly { readonly setup: Setup; readonly all: Measured[] }[] {
  const groups = new Map<string, { readonly setup: Setup; readonly all: Measured[] }>();
  for (const measurement of run.measurements) {
    if (measurement.table !== table) continue;
    const key = JSON.stringify(measurement.setup);
    const group = groups.get(key) ?? { setup: measurement.setup, all: [] };
    groups.set(key, group);
    group.all.push({ ...measurement, description: run.engines[measurement.engine] ?? unknown(measurement.engine) });
  }
  return [...groups.values()];
}

/** What is no engine: a status channel, or the machine itself. */
function unknown(name: string): EngineDescription {
  return { name, setting: "", kind: "server", blocking: false, durable: true, indexed: false };
}

export function figureOf(measured: Measured | undefined, figure: string): number {
  return measured?.median[figure] ?? Number.NaN;
}

/** The highest of all rounds, for what must not happen even once. */
export function worstOf(measured: Measured | undefined, figure: string): number {
  return Math.max(...(measured?.rounds.map((round) => round[figure] ?? Number.NaN) ?? [Number.NaN]));
}

export function engineNamed(all: readonly Measured[], name: string): Measured | undefined {
  return all.find(({ engine }) => engine === name);
}

/** The peer with the highest figure among those that keep what they acknowledge and that `accept` lets in. */
export function bestPeer(
  all: readonly Measured[],
  figure: string,
  accept: (description: EngineDescription) => boolean = () => true,
): Measured | undefined {
  return all
    .filter(({ description }) => description.kind !== "holdfast" && description.durable && accept(description))
    .filter((measured) => Number.isFinite(figureOf(measured, figure)))
    .sort((a, b) => figureOf(b, figure) - figureOf(a, figure))[0];
}

export function isEmbedded({ kind }: EngineDescription): boolean {
  return kind === "embedded";
}
