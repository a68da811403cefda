import type { FileSystem } from "../../src/files/file-system.js";
import { crashPoints, type CrashPoint } from "./crash-point.js";
import type { Machine } from "./machine.js";
import { record, type Recording, type RecordingStart } from "./recording.js";
import { randomVariant, systematicVariants } from "./states/crash-variants.js";
import { DiskHistory } from "./states/disk-history.js";
import { Random } from "./states/random.js";
import { documents } from "./workloads/documents.js";
import { expiry } from "./workloads/expiry.js";
import { recovery } from "./workloads/recovery.js";
import { reopening } from "./workloads/reopening.js";
import { surfaces } from "./workloads/surfaces.js";
import { uploads } from "./workloads/uploads.js";
import type { Workload } from "./workloads/workload.js";

type Breaking = ((disk: FileSystem) => FileSystem) | undefined;

/** A recording to explore, made anew from a seed. */
export interface Scenario {
  readonly name: string;
  readonly record: (machine: Machine, seed: number, breaking?: Breaking) => Promise<Recording>;
}

function plain(workload: Workload): Scenario {
  return {
    name: workload.name,
    record: (machine, seed, breaking) => record(machine, { workload, seed, breaking }),
  };
}

/**
 * The recovery from a crash of another workload, explored in its turn. Where the power was lost, nothing is in doubt any
 * more when the recovery begins; where the process was killed, everything is that was before, and the power may be lost
 * yet.
 */
function recoveryOf(workload: Workload, crash: "power-loss" | "kill"): Scenario {
  const name = `recovery-of-${workload.name}-after-${crash}`;
  return {
    name,
    record: async (machine, seed, breaking) => {
      const first = await record(machine, { workload, seed, breaking });
      const random = new Random(name, seed);
      const from = startAfter(first, random, crash);
      // What must hold beside the documents must hold of the recovery too.
      const { check } = workload;
      const next = check === undefined ? recovery : { ...recovery, check };
      return record(machine, { workload: next, seed, from, breaking });
    },
  };
}

function startAfter(recording: Recording, random: Random, crash: "power-loss" | "kill"): RecordingStart {
  const candidates = recording.events.length;
  const wanted = random.below(candidates);
  for (const point of crashPoints(recording)) {
    if (point.index < wanted) continue;
    return startAt(recording, point, random, crash);
  }
  throw new Error("a recording has a crash point behind its last event");
}

function startAt(
  { truth, storeId, endedAt }: Recording,
  { history, acknowledged, isOpened }: CrashPoint,
  random: Random,
  crash: "power-loss" | "kill",
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

const workloads = [documents, reopening, surfaces, expiry, uploads];

export const scenarios: readonly Scenario[] = workloads.flatMap((workload) => [
  plain(workload),
  recoveryOf(workload, "power-loss"),
  recoveryOf(workload, "kill"),
]);
