/** Names one state: a recording, a place in it, and how the crash came out there. */
export interface StateToken {
  readonly scenario: string;
  readonly seed: number;
  /** How many events of the recording came before the crash. */
  readonly point: number;
  readonly outcome: { readonly kind: "systematic" | "chance"; readonly index: number };
}

const pattern = /^([a-z-]+)\.(\d+)\.(\d+)\.([sc])(\d+)$/;

export function formatToken({ scenario, seed, point, outcome }: StateToken): string {
  return `${scenario}.${seed}.${point}.${outcome.kind === "systematic" ? "s" : "c"}${outcome.index}`;
}

/** @returns `undefined` if it is none. */
export function parseToken(token: string): StateToken | undefined {
  const match = pattern.exec(token);
  if (match === null) return undefined;
  const [, scenario = "", seed, point, kind, index] = match;
  return {
    scenario,
    seed: Number(seed),
    point: Number(point),
    outcome: { kind: kind === "s" ? "systematic" : "chance", index: Number(index) },
  };
}
