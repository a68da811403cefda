import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { Output, type OutputStream } from "../../src/cli/output.js";
import { ProgressLine } from "../../src/cli/progress-line.js";
import { duration, grouped, quantity } from "../../src/cli/render/quantity.js";
import { recoveryLines, recoveryRemark } from "../../src/cli/render/recovery-report.js";
import { startupStatusLine, startupStatusLines } from "../../src/cli/render/startup-status.js";
import { paintFor, type Paint } from "../../src/cli/render/style.js";
import { table } from "../../src/cli/render/table.js";
import type { RecoveryReport } from "../../src/store/recovery-report.js";
import type { WatchedStartupStatus } from "../../src/watch/index.js";

const plain: Paint = (_, text) => text;

const degraded: RecoveryReport = {
  format: 1,
  storeId: "store",
  epoch: 7,
  pid: 2,
  host: "here",
  startedAt: "2026-11-20T09:14:03.000Z",
  finishedAt: "2026-11-20T09:14:03.012Z",
  durationMs: 12.4,
  outcome: "degraded",
  takeover: { how: "dead", previousEpoch: 6, previousPid: 1, previousHost: "ho\u001bst", waitedMs: 0 },
  checkpointSequence: 1000,
  lastSequence: 1234,
  documents: 56_789,
  journal: {
    segments: 1,
    replayed: 234,
    replayedOperations: 300,
    tornTails: [{ file: "journal/a.wal", offset: 10, length: 77, quarantined: "quarantine/x/a.wal" }],
  },
  damage: [
    {
      file: "collections/notes/documents/aa/n\u001b2.json",
      kind: "document",
      detail: "the checksum does not match",
      repaired: false,
    },
    ...Array.from({ length: 30 }, () => ({
      file: "journal/b.wal",
      kind: "journal" as const,
      detail: "x",
      repaired: true,
    })),
  ],
  lostSequences: [
    { first: 1100, last: 1102 },
    { first: 1200, last: 1200 },
  ],
  lostDocuments: [{ collection: "notes", id: "n\u001b2" }],
  removedTemporaryFiles: 0,
  reconciled: [],
  warnings: ["the clock went back"],
};

describe("a recovery report", () => {
  test("tells on one screen what was done and what was lost", () => {
    const lines = recoveryLines(degraded, plain);
    expect(lines).toContain("Recovery     degraded: acknowledged data is missing");
    expect(lines).toContain("Taken        epoch 7; the previous writer is dead (pid 1 on ho\\u001bst)");
    expect(lines).toContain("Documents    56,789, up to sequence 1,234");
    expect(lines).toContain("Replayed     234 commits above checkpoint 1,000 (300 operations in 1 segment)");
    expect(lines).toContain("Cut          77 bytes of unfinished writes, never acknowledged");
    expect(lines).toContain("Quarantined  1 item in quarantine/");
    expect(lines).toContain("Lost         commits 1100-1102, 1200; 1 document");
    expect(lines).toContain("  notes/n\\u001b2");
    expect(lines).toContain("  and 11 more (--json lists all)");
    expect(lines).toContain("  the clock went back");
    expect(lines.length).toBeLessThan(40);
    expect(lines.join("\n")).not.toContain("\u001b");
  });

  test("is mentioned by other commands only if there was something to do", () => {
    expect(recoveryRemark({ ...degraded, outcome: "clean" })).toBeUndefined();
    expect(recoveryRemark({ ...degraded, outcome: "created" })).toBeUndefined();
    expect(recoveryRemark({ ...degraded, outcome: "recovered" })).toBe(
      "holdfast: recovered first (234 commits replayed)",
    );
    expect(recoveryRemark(degraded)).toContain("lost: commits 1100-1102, 1200; 1 document");
  });
});

const status: WatchedStartupStatus = {
  format: 1,
  phase: "downloading_models",
  ready: false,
  message: "Downloading \u001b[2J",
  ready_models: 1,
  total_models: 3,
  updated_at: "2026-11-20T09:14:03.000Z",
  sequence: 3,
  report: 4,
  run_id: "run",
  boot_count: 9,
  pid: 42,
  host: "here",
  started_at: "2026-11-20T09:14:00.000Z",
  heartbeat_at: "2026-11-20T09:14:03.000Z",
  heartbeat_interval_ms: 2000,
  progress: [{ model: "bert", bytes: 512, percent: 50 }],
  recovery: {
    outcome: "recovered",
    duration_ms: 8,
    replayed: 12,
    lost_sequences: 0,
    lost_documents: 0,
    quarantined: 0,
  },
  previous_run: { outcome: "crashed", run_id: "before", phase: "ready", ended_at: "2026-11-20T09:13:59.000Z" },
  transitions: [],
  stale: false,
  superseded: false,
  age_ms: 1500,
};

describe("a startup status", () => {
  test("tells how the process is doing", () => {
    const lines = startupStatusLines(status, plain);
    expect(lines).toContain("Phase              downloading_models");
    expect(lines).toContain("Message            Downloading \\u001b[2J");
    expect(lines).toContain("Process            pid 42 on here, run run, boot 9");
    expect(lines).toContain("Last sign of life  1.5 s ago");
    expect(lines).toContain("Models             1 of 3 ready");
    expect(lines).toContain("Downloading        bert: 50 %");
    expect(lines).toContain("Recovery           recovered in 8.0 ms, 12 commits replayed");
    expect(lines).toContain("Previous run       crashed in phase ready, ended 2026-11-20T09:13:59.000Z");
  });

  test("of a process that died says so, also on one line", () => {
    const stale: WatchedStartupStatus = { ...status, phase: "stopped", stale: true };
    expect(startupStatusLines(stale, plain)[0]).toMatch(/stopped \(stale: /);
    expect(startupStatusLine(stale, plain)).toMatch(
      /^2026-11-20T09:14:03\.000Z {2}stopped \(stale: .*\) {2}pid 42 {2}Downloading \\u001b/,
    );
  });
});

describe("quantities", () => {
  test.each([
    [0.4, "0.4 ms"],
    [250, "250 ms"],
    [3100, "3.1 s"],
    [312_000, "5 min 12 s"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
  ])("%d ms is %s", (milliseconds, expected) => {
    expect(duration(milliseconds)).toBe(expected);
  });

  test("are grouped and counted", () => {
    expect([grouped(0), grouped(999), grouped(1000), grouped(1_234_567)]).toEqual(["0", "999", "1,000", "1,234,567"]);
    expect([quantity(1, "entry", "entries"), quantity(2, "entry", "entries")]).toEqual(["1 entry", "2 entries"]);
  });

  test("stand in aligned columns", () => {
    expect(
      table(
        [
          ["ID", "COUNT"],
          ["a", "10"],
          ["long", "9"],
        ],
        [1],
      ),
    ).toEqual(["ID    COUNT", "a        10", "long      9"]);
  });
});

/** A stream that keeps what is written to it, and may claim to be a terminal. */
function stream(isTTY: boolean): { stream: OutputStream; text: () => string } {
  const through: OutputStream = Object.assign(new PassThrough(), { isTTY, columns: 40 });
  let text = "";
  (through as PassThrough).on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { stream: through, text: () => text };
}

describe("progress", () => {
  test("is shown on a terminal, within its width, and gone afterwards", () => {
    const terminal = stream(true);
    {
      using line = new ProgressLine(terminal.stream);
      line.show("Replaying the journal of a very long name indeed", 1, 2);
      line.show("Replaying the journal", 2, 2);
    }
    const shown = terminal.text().split("\r\u001b[2K");
    expect(shown).toEqual(["", "Replaying the journal of a very long na", ""]);
  });

  test("is not shown to programs", () => {
    const pipe = stream(false);
    const terminal = stream(true);
    expect(new Output(false, pipe.stream, pipe.stream).progressStream).toBeUndefined();
    expect(new Output(true, terminal.stream, terminal.stream).progressStream).toBeUndefined();
    expect(new Output(false, pipe.stream, terminal.stream).progressStream).toBe(terminal.stream);
  });
});

describe("colours", () => {
  test("are for terminals of those who want them", () => {
    expect(paintFor({ isTTY: true }, {})("red", "x")).toBe("\u001b[31mx\u001b[39m");
    expect(paintFor({ isTTY: false }, {})("red", "x")).toBe("x");
    expect(paintFor({ isTTY: true }, { NO_COLOR: "1" })("red", "x")).toBe("x");
    expect(paintFor({ isTTY: true }, { TERM: "dumb" })("red", "x")).toBe("x");
  });
});
