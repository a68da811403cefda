import type { FileSystem } from "../../src/files/file-system.js";
import { crashPoints, type CrashPoint } from "./crash-point.js";
import type { Machine } from "./machine.js";
import { record, type Recording, type RecordingStart } from "./recording.js";
import { randomVariant, systematicVariants } from "./states/crash-variants.js";
import { DiskHistory } from "./states/disk-history.js";
import { Random } from "./states/random.js";
import { displacedOwner } from "./workloads/displaced-owner.js";
import { documents } from "./workloads/documents.js";
import { expiry } from "./workloads/expiry.js";
import { fileRemovals } from "./workloads/file-removals.js";
import { fullDisk } from "./workloads/full-disk.js";
import { displacedPacker } from "./workloads/displaced-packer.js";
import { packCompaction } from "./workloads/pack-compaction.js";
import { packIndexes } from "./workloads/pack-indexes.js";
import { packMerges } from "./workloads/pack-merges.js";
import { packTiers } from "./workloads/pack-tiers.js";
import { packedDocuments } from "./workloads/packed-documents.js";
import { recovery } from "./workloads/recovery.js";
import { reopening } from "./workloads/reopening.js";
import { replayRecords } from "./workloads/replay-records.js";
import { surfaces } from "./workloads/surfaces.js";
import { uploads } from "./workloads/uploads.js";
import { vectorStores } from "./workloads/vector-stores.js";
import type { Workload } from "./workloads/workload.js";

type Crash = "power-loss" | "kill";
type Breaking = ((disk: FileSystem) => FileSystem) | undefined;

/** A recording to explore, made anew from a seed. */
export interface Scenario {
  readonly name: string;
  /** What is recorded last, and explored. */
  readonly workload: Workload;
  readonly record: (machine: Machine, seed: number, breaking?: Breaking) => Promise<Recording>;
}

function plain(workload: Workload): Scenario {
  return {
    name: workload.name,
    workload,
    record: (machine, seed, breaking) => record(machine, { workload, seed, breaking }),
  };
}

/**
 * The recovery from a crash of another scenario, explored in its turn. Where the power was lost, nothing is in doubt any
 * more when the recovery begins; where the process was killed, everything is that was before, and the power may be lost
 * yet.
 */
function recoveryOf(scenario: Scenario, crash: Crash): Scenario {
  const name = `recovery-of-${scenario.name}-after-${crash}`;
  // What must hold beside the documents, and what the directory is opened with, is the same for the recovery.
  const { check, settings, recovery: ownRecovery } = scenario.workload;
  const workload: Workload = {
    ...(ownRecovery === undefined ? recovery : { ...ownRecovery, recovery: ownRecovery }),
    ...(check === undefined ? {} : { check }),
    ...(settings === undefined ? {} : { settings }),
  };
  return {
    name,
    workload,
    record: async (machine, seed, breaking) => {
      const first = await scenario.record(machine, seed, breaking);
      const from = startAfter(first, new Random(name, seed), crash);
      return record(machine, { workload, seed, from, breaking });
    },
  };
}

function startAfter(recording: Recording, random: Random, crash: Crash): RecordingStart {
  const candidates = recording.events.length;
  const wanted = random.below(candidates);
  for (const point of crashPoints(recording)) {
    if (point.index < wanted) continue;
    return startAt(recording, point, random, crash);
  }
  throw new Error("a recording has a crash point behind its last event");
}

function startAt(
  { storeId, endedAt }: Recording,
  { history, truth, acknowledged, isOpened }: CrashPoint,
  random: Random,
  crash: Crash,
): RecordingStart {
  const common = { truth, acknowledged, storeId: isOpened ? storeId : undefined, clock: endedAt };
  if (crash === "kill") {
    const [killed] = systematicVariants(history);
    if (killed === undefined) throw new Error("a kill is always possible");
    return { ...common, machineSurvives: true, history: history.clone(), image: history.image(killed.choice) };
  }
  const image = history.image(randomVariant(history, random).choice);
  return { ...common, machineSurvives: false, history: DiskHistory.of(image), image };
}

const workloads = [
  documents,
  reopening,
  surfaces,
  replayRecords,
  expiry,
  uploads,
  fileRemovals,
  vectorStores,
  displacedOwner,
  fullDisk,
  packedDocuments,
  packMerges,
  packTiers,
  packCompaction,
  packIndexes,
  displacedPacker,
];

/** Two crashes in a row before the one that is explored: in the work, and in the recovery from it. */
const twice: readonly (readonly [workload: Workload, first: Crash, second: Crash])[] = [
  [documents, "kill", "power-loss"],
  [documents, "power-loss", "kill"],
  [documents, "kill", "kill"],
  [surfaces, "kill", "kill"],
  [uploads, "power-loss", "kill"],
  [displacedOwner, "kill", "kill"],
  [packedDocuments, "kill", "power-loss"],
  [packMerges, "kill", "kill"],
  [packCompaction, "kill", "power-loss"],
  [displacedPacker, "kill", "kill"],
];

export const scenarios: readonly Scenario[] = [
  ...workloads.flatMap((workload) => [
    plain(workload),
    recoveryOf(plain(workload), "power-loss"),
    recoveryOf(plain(workload), "kill"),
  ]),
  ...twice.map(([workload, first, second]) => recoveryOf(recoveryOf(plain(workload), first), second)),
];
