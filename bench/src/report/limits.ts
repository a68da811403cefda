import type { Run } from "../run.js";
import { documentSize, microseconds, table, whole } from "./format.js";
import { engineNamed, figureOf, groupsOf, type Measured } from "./select.js";
import { writeTitle } from "./write-tables.js";

/** What was measured of the machine itself, and how much of each of holdfast's inserts that explains. */
export function limitsSection(run: Run): string[] {
  const limits = groupsOf(run, "limits");
  if (limits.length === 0) return [];
  const raw = table(
    [
      "document",
      "write of 4 KiB with O_DSYNC, p50 µs",
      "p99 µs",
      "of 64 KiB, p50 µs",
      "4 KiB and fdatasync, p50 µs",
      "p99 µs",
      "JSON.stringify µs",
      "CRC-32 µs",
      "JSON.parse µs",
    ],
    limits.map(({ setup, all }) => [
      documentSize(setup["documentBytes"] ?? 0),
      ...[
        "flushP50",
        "flushP99",
        "largeFlushP50",
        "fdatasyncP50",
        "fdatasyncP99",
        "stringify",
        "checksum",
        "parse",
      ].map((name) => microseconds(figureOf(all[0], name))),
    ]),
  );
  return [raw, ...shareTable(run)];
}

const explanation =
  "Where the time of one of holdfast's inserts goes. A batch costs one flush, which its documents share: that of a write " +
  "of the batch's size, by a straight line between the two that were measured. Each document is serialised and " +
  "checksummed once. The physical limit is the larger of the two, since the disk works while the processor prepares the " +
  "next batch. The rest of an insert is everything else: the event loop, validation, the indexes, allocation, the fence " +
  "check, and the writers of the benchmark themselves.";

const smallBytes = 4 * 1024;
const largeBytes = 64 * 1024;

function shareTable(run: Run): string[] {
  const limits = new Map(groupsOf(run, "limits").map(({ setup, all }) => [setup["documentBytes"], all[0]]));
  const rows = groupsOf(run, "insert").flatMap(({ setup, all }) => {
    const own = engineNamed(all, "holdfast");
    const documentBytes = setup["documentBytes"] ?? 0;
    const limit = limits.get(documentBytes);
    if (own === undefined || limit === undefined) return [];
    const perInsert = 1000 / figureOf(own, "perSecond");
    const batch = figureOf(own, "acknowledged") / figureOf(own, "batches");
    const flush = flushOf(limit, batch * documentBytes) / batch;
    const computed = figureOf(limit, "stringify") + figureOf(limit, "checksum");
    const atBest = Math.max(flush, computed);
    return [
      [
        writeTitle(setup),
        microseconds(perInsert),
        batch.toFixed(1),
        microseconds(flush),
        microseconds(figureOf(limit, "stringify")),
        microseconds(figureOf(limit, "checksum")),
        microseconds(Math.max(0, perInsert - flush - computed)),
        whole(1000 / atBest),
        `${whole((100 * atBest) / perInsert)}%`,
      ],
    ];
  });
  if (rows.length === 0) return [];
  return [
    explanation,
    table(
      [
        "inserts",
        "µs per insert",
        "inserts per batch",
        "flush, shared, µs",
        "serialisation µs",
        "checksum µs",
        "rest µs",
        "physical limit, inserts/s",
        "reached",
      ],
      rows,
    ),
  ];
}

/** Milliseconds for a synced write of so many bytes. */
function flushOf(limit: Measured, bytes: number): number {
  const small = figureOf(limit, "flushP50");
  const large = figureOf(limit, "largeFlushP50");
  return Math.max(small, small + ((large - small) * (bytes - smallBytes)) / (largeBytes - smallBytes));
}
