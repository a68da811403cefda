/** When what happens in a run. Everything in milliseconds. */
export interface SoakPlan {
  /** How long services and writers are started and killed, first. */
  readonly killingMs: number;
  /** How long one service then runs without being disturbed. More than half of the run. */
  readonly undisturbedMs: number;
  /** How long a process lives that is going to be killed. */
  readonly life: { readonly shortestMs: number; readonly longestMs: number };
  /** How long after its start a process that is going to be killed is measured: each at the same age. */
  readonly measuredAtAgeMs: number;
  readonly sampleMs: number;
}

const undisturbedShare = 0.55;
/** From so many minutes on lives are as long as they get; a shorter run has shorter ones, so that it has as many. */
const fullLivesFromMinutes = 20;
const fullLife = { shortestMs: 20_000, longestMs: 60_000 };
const leastLifeMs = 1_000;
/** So many samples a run has, or as many as fit. */
const samples = 240;
const leastSampleMs = 1_000;

export function planOf(minutes: number): SoakPlan {
  const totalMs = minutes * 60_000;
  const scale = Math.min(1, minutes / fullLivesFromMinutes);
  const shortestMs = Math.max(leastLifeMs, fullLife.shortestMs * scale);
  return {
    killingMs: totalMs * (1 - undisturbedShare),
    undisturbedMs: totalMs * undisturbedShare,
    life: { shortestMs, longestMs: Math.max(3 * leastLifeMs, fullLife.longestMs * scale) },
    measuredAtAgeMs: shortestMs / 2,
    sampleMs: Math.max(leastSampleMs, totalMs / samples),
  };
}
