import { engines, type EngineName } from "./engines/index.js";
import { medianOf, type Figures } from "./figures.js";
import type { Options } from "./options.js";
import type { EngineDescription, Failure, Measurement, Setup, TableName } from "./run.js";

/** What a workload measures with: it takes the engines in turn, and keeps what comes out. */
export class Bench {
  readonly options: Options;
  readonly measurements: Measurement[] = [];
  readonly failures: Failure[] = [];
  readonly leftOut = new Set<string>();
  readonly described: Record<string, EngineDescription> = {};

  constructor(options: Options) {
    this.options = options;
  }

  /** Those of `suited`, or of the engines asked for, that can be measured here, with stores of so many documents. */
  async enginesFor(suited: readonly EngineName[], documents = 0): Promise<readonly EngineName[]> {
    const found: EngineName[] = [];
    for (const name of this.options.engines ?? suited) {
      const engine = await engines[name]();
      const reason =
        engine.unavailable?.() ??
        (!this.options.everySize && documents > (engine.largestStore ?? Infinity)
          ? `not measured with ${documents.toLocaleString("en")} documents, only up to ${(engine.largestStore ?? 0).toLocaleString("en")}`
          : undefined);
      if (reason !== undefined) {
        this.leaveOut(engine.name, reason);
        continue;
      }
      this.describe(name, engine);
      found.push(name);
    }
    return found;
  }

  describe(name: string, { name: title, setting, kind, blocking, durable, indexed }: EngineDescription): void {
    this.described[name] = { name: title, setting, kind, blocking, durable, indexed };
  }

  leaveOut(name: string, reason: string): void {
    const said = `${name}: ${reason}`;
    if (!this.leftOut.has(said)) this.say(`left out, ${said}`);
    this.leftOut.add(said);
  }

  /**
   * Measures round by round, and within a round engine by engine, so that whatever the machine does meanwhile meets all
   * of them alike. An engine that fails is noted and left alone; the others go on.
   */
  async alternate<Name extends string>(
    table: TableName,
    setup: Setup,
    names: readonly Name[],
    measure: (name: Name) => Promise<Figures>,
    shown: string,
    rounds = this.options.rounds,
  ): Promise<void> {
    const results = new Map<Name, Figures[]>();
    const failed = new Set<Name>();
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of names) {
        if (failed.has(name)) continue;
        const where = `${table} ${textOf(setup)}, round ${round} of ${rounds}, ${name}`;
        try {
          const figures = await measure(name);
          results.set(name, [...(results.get(name) ?? []), figures]);
          this.say(`${where}: ${shown} ${(figures[shown] ?? Number.NaN).toPrecision(4)}`);
        } catch (error) {
          failed.add(name);
          const message = error instanceof Error ? error.message : String(error);
          this.failures.push({ table, setup, engine: name, message });
          this.say(`${where}: FAILED. ${message}`);
        }
      }
    }
    for (const [engine, figures] of results) {
      this.measurements.push({ table, setup, engine, rounds: figures, median: medianOf(figures) });
    }
  }

  /** Progress, for people who wait. */
  say(text: string): void {
    console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
  }
}

function textOf(setup: Setup): string {
  return Object.entries(setup)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
