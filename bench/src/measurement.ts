import type { CellResult, Spread } from "./cell.js";
import type { Engine } from "./engine.js";
import { median } from "./statistics.js";

/** Everything measured of one engine at one number of writers. */
export interface Measurement {
  readonly engine: Pick<Engine, "name" | "setting" | "peer" | "blocking">;
  readonly writers: number;
  readonly rounds: readonly CellResult[];
}

/** The middle of the rounds, figure by figure. */
export interface MeasurementSummary {
  readonly insertsPerSecond: number;
  readonly slowest: number;
  readonly fastest: number;
  readonly latency: Spread;
  readonly loopDelay: Spread;
  readonly processor: number;
  readonly closeMs: number;
}

export function summaryOf({ rounds }: Measurement): MeasurementSummary {
  const middle = (figure: (round: CellResult) => number): number => median(rounds.map(figure));
  const spread = (times: (round: CellResult) => Spread): Spread => ({
    p50: middle((round) => times(round).p50),
    p99: middle((round) => times(round).p99),
    max: middle((round) => times(round).max),
  });
  const speeds = rounds.map(({ insertsPerSecond }) => insertsPerSecond);
  return {
    insertsPerSecond: median(speeds),
    slowest: Math.min(...speeds),
    fastest: Math.max(...speeds),
    latency: spread(({ latency }) => latency),
    loopDelay: spread(({ loopDelay }) => loopDelay),
    processor: middle(({ processor }) => processor),
    closeMs: middle(({ closeMs }) => closeMs),
  };
}

/** The fastest peer among those that `accept` lets in. */
export function bestPeer(
  measurements: readonly Measurement[],
  accept: (measurement: Measurement) => boolean = () => true,
): Measurement | undefined {
  return measurements
    .filter((measurement) => measurement.engine.peer && accept(measurement))
    .sort((a, b) => summaryOf(b).insertsPerSecond - summaryOf(a).insertsPerSecond)[0];
}
