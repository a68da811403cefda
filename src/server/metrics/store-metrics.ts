import { Counter, Gauge, type Registry } from "prom-client";
import type { StateDirectory } from "../../open-state-directory.js";
import { startupStatusOf } from "../probes/readiness.js";

const conditions = [
  "open",
  "full",
  "failed",
  "fenced",
  "closed",
] as const satisfies readonly StateDirectory["condition"]["state"][];

/** What only grows, since the store was opened. */
const counters = {
  commits: "Transactions acknowledged.",
  operations: "Puts and deletes in them.",
  batches: "Journal writes that carried them; many commits can share one.",
  checkpoints: "Checkpoints completed.",
} as const;

/** What goes up and down, or continues from one run to the next. */
const gauges = {
  journalBytes: ["journal_bytes", "Size of the journal."],
  journalSegments: ["journal_segments", "Files the journal consists of."],
  lastSequence: ["last_sequence", "Sequence number of the newest acknowledged commit."],
  packs: ["packs", "Live packs of all collections."],
  packedDocuments: [
    "packed_documents",
    "Documents that packs hold; the others are in files of their own or in the journal.",
  ],
  damagedLines: ["damaged_lines", "Lines of packs that were met and can not be read."],
  checkpointSequence: ["checkpoint_sequence", "Sequence number up to which the last checkpoint is complete."],
} as const;

/** Publishes what the store counts. The values are read when they are scraped; nothing here holds content or ids. */
export function publishStoreMetrics(registry: Registry, state: StateDirectory): void {
  const registers = [registry];
  for (const [member, help] of Object.entries(counters) as [keyof typeof counters, string][]) {
    new Counter({
      name: `holdfast_store_${member}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(state.metrics[member]);
      },
    });
  }
  for (const [member, [name, help]] of Object.entries(gauges) as [keyof typeof gauges, readonly [string, string]][]) {
    new Gauge({
      name: `holdfast_store_${name}`,
      help,
      registers,
      collect() {
        this.set(state.metrics[member]);
      },
    });
  }
  new Gauge({
    name: "holdfast_store_documents",
    help: "Documents stored, by collection.",
    labelNames: ["collection"],
    registers,
    collect() {
      this.reset();
      for (const [collection, count] of Object.entries(state.metrics.documents)) this.set({ collection }, count);
    },
  });
  new Gauge({
    name: "holdfast_store_condition",
    help: "1 for the condition the store is in, 0 for the others.",
    labelNames: ["state"],
    registers,
    collect() {
      for (const condition of conditions) this.set({ state: condition }, condition === state.condition.state ? 1 : 0);
    },
  });
  new Gauge({
    name: "holdfast_ready",
    help: "1 when the startup status says ready.",
    registers,
    collect() {
      this.set(startupStatusOf(state)?.ready === true ? 1 : 0);
    },
  });
}
