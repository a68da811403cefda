import { countRecords, readCells, readTotals, totalsOf, type Cells } from "../../src/surfaces/replay/counters.js";
import type { ReplayRecordInput, ToolTraceStep } from "../../src/surfaces/replay/index.js";
import type { Store } from "../../src/collections/index.js";
import type { Reader } from "../../src/surfaces/history/reader.js";

export const second = 1_000;
export const day = 24 * 60 * 60 * second;

/** A time that the directory's own retention does not reach, and from which tests count. */
export const start = Math.floor(Date.now() / second) * second - day;

/** The time so many seconds after the start. */
export function at(seconds: number): string {
  return new Date(start + seconds * second).toISOString();
}

export function record(id: string, members: ReplayRecordInput = {}): ReplayRecordInput {
  return { id, timestamp: at(0), ...members };
}

export function step(type: string, members: Partial<ToolTraceStep> = {}): ToolTraceStep {
  return { type, source: "request", ...members };
}

function readable(cells: Cells): unknown {
  return [...cells]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([id, { dimensions, tally }]) => [id, tally.asCell(dimensions)]);
}

/** What the counters say, and what a count of all records says: the two must be equal. */
export async function countersAndRecount(reader: Reader): Promise<{ kept: unknown; counted: unknown }> {
  const [cells, totals, counted] = [await readCells(reader), await readTotals(reader), await countRecords(reader)];
  return {
    kept: { cells: readable(cells), totals },
    counted: { cells: readable(counted), totals: totalsOf(counted) },
  };
}

/** The store, with how many transactions were committed through it. */
export function countingCommits(store: Store): { readonly store: Store; readonly commits: () => number } {
  let committed = 0;
  return {
    commits: () => committed,
    store: {
      collection: (definition) => store.collection(definition),
      changes: (options) => store.changes(options),
      get lastSequence() {
        return store.lastSequence;
      },
      transaction: async (work) => {
        const result = await store.transaction(work);
        committed += 1;
        return result;
      },
    },
  };
}
