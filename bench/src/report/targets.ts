import type { Run, Setup, TableName } from "../run.js";
import { megabytes, milliseconds, ratio, verdict, whole } from "./format.js";
import { bestPeer, engineNamed, figureOf, groupsOf, isEmbedded, worstOf, type Measured } from "./select.js";

/** One thing the store has to show, and whether it did. */
export interface Target {
  readonly table: TableName;
  readonly setup: Setup;
  /** What is asked for, with what it is compared to. */
  readonly asked: string;
  readonly measured: string;
  readonly verdict: string;
}

/** Every target that this run has the figures for. */
export function targetsOf(run: Run): readonly Target[] {
  return [
    ...insertTargets(run),
    ...lifecycleTargets(run),
    ...openTargets(run),
    ...readTargets(run),
    ...storeTargets(run),
    ...watchTargets(run),
    ...sustainedTargets(run),
  ];
}

type Named = Omit<Target, "table" | "setup">;

/** @returns nothing where either side was not measured */
function times(
  own: Measured | undefined,
  peer: Measured | undefined,
  figure: string,
  target: number,
  what: string,
): Named[] {
  if (own === undefined || peer === undefined) return [];
  const quotient = figureOf(own, figure) / figureOf(peer, figure);
  if (!Number.isFinite(quotient)) return [];
  return [
    {
      asked: `${what}: at least ${target} times ${peer.description.name} (${whole(figureOf(peer, figure))}/s)`,
      measured: `${ratio(quotient)} times (${whole(figureOf(own, figure))}/s)`,
      verdict: verdict(quotient, target, "at least"),
    },
  ];
}

function atMost(
  own: Measured | undefined,
  figure: string,
  target: number,
  what: string,
  shown = milliseconds,
  valueOf = figureOf,
): Named[] {
  const value = valueOf(own, figure);
  if (!Number.isFinite(value)) return [];
  return [
    { asked: `${what}: at most ${shown(target)}`, measured: shown(value), verdict: verdict(value, target, "at most") },
  ];
}

function of(table: TableName, setup: Setup, named: readonly Named[]): Target[] {
  return named.map((each) => ({ table, setup, ...each }));
}

function insertTargets(run: Run): Target[] {
  return groupsOf(run, "insert").flatMap(({ setup, all }) => {
    const own = engineNamed(all, "holdfast");
    const lmdb = engineNamed(all, "lmdb");
    const compare = (peer: Measured | undefined, target: number, what: string): Named[] =>
      times(own, peer, "perSecond", target, what);
    if (setup["writers"] === 1) {
      return of("insert", setup, [
        ...compare(bestPeer(all, "perSecond"), 1, "one writer, best peer"),
        ...atMost(own, "loopDelayP99", figureOf(lmdb, "loopDelayP99"), "loop delay p99 in ms, as lmdb").filter(
          () => lmdb !== undefined,
        ),
      ]);
    }
    return of("insert", setup, [
      ...compare(bestPeer(all, "perSecond", isEmbedded), 2, "best embedded peer"),
      ...compare(engineNamed(all, "redis"), 1, "Redis without an index"),
    ]);
  });
}

function lifecycleTargets(run: Run): Target[] {
  return groupsOf(run, "lifecycle").flatMap(({ setup, all }) =>
    of(
      "lifecycle",
      setup,
      times(engineNamed(all, "holdfast"), bestPeer(all, "perSecond"), "perSecond", 1.5, "best peer"),
    ),
  );
}

function sustainedTargets(run: Run): Target[] {
  return groupsOf(run, "sustained").flatMap(({ setup, all }) => {
    const own = engineNamed(all, "holdfast");
    return of("sustained", setup, [
      ...times(own, bestPeer(all, "perSecond", isEmbedded), "perSecond", 1.5, "best embedded peer"),
      ...atMost(own, "longestStall", 250, "longest stall of all rounds in ms", milliseconds, worstOf),
    ]);
  });
}

const million = 1_000_000;
const mebibyte = 1024 * 1024;

function openTargets(run: Run): Target[] {
  const limits = [
    ["open clean", 50],
    ["open killed", 150],
  ] as const;
  return limits.flatMap(([table, limit]) =>
    groupsOf(run, table).flatMap(({ setup, all }) => {
      const own = engineNamed(all, "holdfast");
      // The bounds are those of a million documents; what holds there has to hold for less.
      if ((setup["documents"] ?? 0) > million) return [];
      return of(table, setup, [
        ...atMost(own, "openAndRead", limit, "open and first read in ms"),
        ...atMost(own, "peakMemory", 120 * mebibyte, "peak memory in MB", megabytes),
      ]);
    }),
  );
}

function readTargets(run: Run): Target[] {
  return groupsOf(run, "read").flatMap(({ setup, all }) => {
    const own = engineNamed(all, "holdfast");
    const lmdb = engineNamed(all, "lmdb-json");
    return run.options.readers.flatMap((readers) => {
      const by = `${readers} ${readers === 1 ? "reader" : "readers"}`;
      const list = (kind: string): Named[] => {
        const figure = `${kind}By${readers}`;
        return times(own, bestPeer(all, figure, isEmbedded), figure, 1, `${kind} lists, ${by}, best embedded peer`);
      };
      return of("read", setup, [
        ...times(own, lmdb, `pointBy${readers}`, 1, `point reads, ${by}`),
        ...list("newest"),
        ...list("conversation"),
      ]);
    });
  });
}

function storeTargets(run: Run): Target[] {
  return groupsOf(run, "store").flatMap(({ setup, all }) => {
    const own = engineNamed(all, "holdfast");
    if (own === undefined || setup["documents"] !== million) return [];
    const share = figureOf(own, "mergedBytes") / figureOf(own, "bodyBytes");
    return of("store", setup, [
      {
        asked: "bytes on disk after merging: at most 1.25 times those of the documents",
        measured: ratio(share),
        verdict: verdict(share, 1.25, "at most"),
      },
      ...atMost(own, "mergedFiles", 1_999, "files after merging", whole),
    ]);
  });
}

function watchTargets(run: Run): Target[] {
  return groupsOf(run, "watch").flatMap(({ setup, all }) => {
    const own = engineNamed(all, "holdfast");
    const redis = engineNamed(all, "redis");
    if (own === undefined) return [];
    const last = Math.min(...own.rounds.flatMap((round) => [round["pacedSawLast"] ?? 0, round["burstSawLast"] ?? 0]));
    const compared = ["paced", "burst"].flatMap((pass) =>
      ["P50", "P99"].flatMap((figure) => {
        const name = `${pass}${figure}`;
        const target = figureOf(redis, name);
        if (!Number.isFinite(target)) return [];
        return atMost(own, name, target, `${pass} ${figure.toLowerCase()} in ms, as Redis pub/sub`);
      }),
    );
    return of("watch", setup, [
      {
        asked: "the last update is seen, in every round",
        measured: last === 1 ? "yes" : "no",
        verdict: last === 1 ? "met" : "**missed**",
      },
      ...compared,
    ]);
  });
}
