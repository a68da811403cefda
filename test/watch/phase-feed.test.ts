import { describe, expect, test } from "vitest";
import { PhaseFeed } from "../../src/watch/phase-feed.js";
import type { StartupPhase, StartupStatus, StartupTransition } from "../../src/watch/startup-status.js";

/** Builds the file as a writer would: `["a starting", "a ready", "a stopped?", "b starting"]`, `?` for a stale end. */
function statusAfter(steps: string[], { from = 1, report = 0 } = {}): StartupStatus {
  const transitions = steps.map((step, index): StartupTransition => {
    const [run_id = "", said = ""] = step.split(" ");
    const phase = said.replace("?", "") as StartupPhase;
    const common = { run_id, boot_count: 1, pid: 1, host: "h", at: new Date(index).toISOString() };
    const stale = said.endsWith("?") ? { stale: true } : {};
    return { ...common, sequence: from + index, report: index + 1, phase, ready: phase === "ready", ...stale };
  });
  const last = transitions.at(-1);
  if (last === undefined) throw new Error("a status has a transition");
  return {
    format: 1,
    phase: last.phase,
    ready: last.ready,
    updated_at: last.at,
    sequence: last.sequence,
    report: last.report + report,
    run_id: last.run_id,
    boot_count: 1,
    pid: 1,
    host: "h",
    started_at: last.at,
    heartbeat_at: last.at,
    heartbeat_interval_ms: 2000,
    previous_run: null,
    transitions,
  };
}

/** What a feed says of a series of looks, as `run phase`, `?` for stale and `-` for superseded. */
function told(fromStart: boolean, ...looks: [StartupStatus, "alive" | "dead"][]): string[] {
  const feed = new PhaseFeed(fromStart);
  return looks.flatMap(([status, life]) =>
    feed.accepts(status)
      ? feed
          .next({ status, alive: life === "alive", ageMs: 0, now: 0 })
          .map(
            ({ run_id, phase, stale, superseded }) => `${superseded ? "-" : ""}${run_id} ${phase}${stale ? "?" : ""}`,
          )
      : [],
  );
}

const a = ["a starting", "a recovering", "a ready"];

describe("a feed", () => {
  test("begins with where things stand", () => {
    expect(told(false, [statusAfter(a), "alive"])).toEqual(["a ready"]);
  });

  test("begins at the beginning when it was there before the file", () => {
    expect(told(true, [statusAfter(a), "alive"])).toEqual(["-a starting", "-a recovering", "a ready"]);
  });

  test("does not repeat itself", () => {
    expect(told(false, [statusAfter(a), "alive"], [statusAfter(a), "alive"])).toEqual(["a ready"]);
  });

  test("tells of a report that changes no phase", () => {
    expect(told(false, [statusAfter(a), "alive"], [statusAfter(a, { report: 3 }), "alive"])).toEqual([
      "a ready",
      "a ready",
    ]);
  });

  test("says a crash once, although the next writer notes it too", () => {
    const b = [...a, "a stopped?", "b starting"];
    expect(told(false, [statusAfter(a), "alive"], [statusAfter(a), "dead"], [statusAfter(b), "alive"])).toEqual([
      "a ready",
      "a stopped?",
      "b starting",
    ]);
  });

  test("says a crash that only the next writer noticed", () => {
    const b = [...a, "a stopped?", "b starting"];
    expect(told(false, [statusAfter(a), "alive"], [statusAfter(b), "alive"])).toEqual([
      "a ready",
      "-a stopped?",
      "b starting",
    ]);
  });

  test("says a crash that nobody noted, because the file was lost between the runs", () => {
    expect(told(false, [statusAfter(a), "alive"], [statusAfter(["b starting"], { from: 2_000_001 }), "alive"])).toEqual(
      ["a ready", "-a stopped?", "b starting"],
    );
  });

  test("tells the last phase of a run found dead as over, never as what holds", () => {
    expect(told(true, [statusAfter(a), "dead"])).toEqual(["-a starting", "-a recovering", "-a ready", "a stopped?"]);
    expect(told(false, [statusAfter(a), "dead"])).toEqual(["a stopped?"]);
  });

  test("tells whole runs that were missed", () => {
    const missed = [...a, "a stopped", "b starting", "b error", "b stopped?", "c starting"];
    expect(told(false, [statusAfter(a), "alive"], [statusAfter(missed), "alive"])).toEqual([
      "a ready",
      "-a stopped",
      "-b starting",
      "-b error",
      "-b stopped?",
      "c starting",
    ]);
  });

  test("takes back that a run is gone when it moves again", () => {
    const looks: [StartupStatus, "alive" | "dead"][] = [
      [statusAfter(a), "alive"],
      [statusAfter(a), "dead"],
      [statusAfter(a), "alive"],
    ];
    expect(told(false, ...looks)).toEqual(["a ready", "a stopped?", "a ready"]);
  });

  test("is not taken in by a run that another has followed, nor by an older version", () => {
    const b = [...a, "a stopped?", "b starting"];
    const zombie = [...a, "a degraded"];
    expect(
      told(
        false,
        [statusAfter(a), "alive"],
        [statusAfter(b), "alive"],
        [statusAfter(zombie), "alive"],
        [statusAfter(b), "alive"],
      ),
    ).toEqual(["a ready", "-a stopped?", "b starting"]);
    expect(told(false, [statusAfter(a), "alive"], [statusAfter(a.slice(0, 2)), "alive"])).toEqual(["a ready"]);
  });

  test("follows a directory that was made anew and counts from 1 again", () => {
    expect(
      told(false, [statusAfter(a, { report: 0 }), "dead"], [statusAfter(["n starting", "n ready"]), "alive"]),
    ).toEqual(["a stopped?", "-n starting", "n ready"]);
  });

  test("does not tell the runs before the first one it saw", () => {
    const old = ["z starting", "z stopped?", ...a];
    expect(told(false, [statusAfter(old), "alive"], [statusAfter([...old, "a degraded"]), "alive"])).toEqual([
      "a ready",
      "a degraded",
    ]);
  });
});
