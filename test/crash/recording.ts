import { setImmediate as giveWay } from "node:timers/promises";
import { TruthHistory } from "./checks/truth-history.js";
import { Truth } from "./checks/truth.js";
import { DiskLog, type DiskEvent } from "./disk/disk-event.js";
import type { DiskImage } from "./disk/disk-image.js";
import type { FileSystem } from "../../src/files/file-system.js";
import type { Machine } from "./machine.js";
import { openStateDirectory } from "./product.js";
import { DiskHistory } from "./states/disk-history.js";
import { Random } from "./states/random.js";
import type { AcknowledgedWrite, Session, Workload } from "./workloads/workload.js";
import { smallStore, workloadCollections } from "./workloads/collections.js";

/** A workload that ran, and everything it asked of the disk. */
export interface Recording {
  readonly workload: Workload;
  readonly seed: number;
  /** The disk before the first event. */
  readonly start: DiskHistory;
  readonly events: readonly DiskEvent[];
  /** What was sent to the disk, and what had been sent before the first event and was found there. */
  readonly truth: TruthHistory;
  /** What had been acknowledged before the first event. */
  readonly acknowledgedBefore: number;
  readonly storeId: string;
  /** Whether the directory had been handed out before the first event. */
  readonly openedBefore: boolean;
  /** The clock when it ended. */
  readonly endedAt: number;
}

/** What a recording goes on from. Default: an empty disk. */
export interface RecordingStart {
  readonly history: DiskHistory;
  /** The disk as the next process sees it. */
  readonly image: DiskImage;
  readonly machineSurvives: boolean;
  readonly truth: Truth;
  readonly acknowledged: number;
  /** `undefined` if nobody had been handed the directory. */
  readonly storeId: string | undefined;
  readonly clock: number;
}

export interface RecordOptions {
  readonly workload: Workload;
  readonly seed: number;
  readonly from?: RecordingStart | undefined;
  /** A disk that is not what it seems, to show that the explorer notices. */
  readonly breaking?: ((disk: FileSystem) => FileSystem) | undefined;
}

const begunAt = Date.parse("2026-03-01T12:00:00.000Z");

/** Runs a workload on a simulated disk. It comes out the same for the same seed, but for the names that are random. */
export async function record(machine: Machine, { workload, seed, from, breaking }: RecordOptions): Promise<Recording> {
  const log = new DiskLog();
  const pacing = new Random(workload.name, seed, "pace");
  const options = {
    recorder: log,
    freeBytes: workload.freeBytes,
    // Calls overlap as they do on a real disk: how long each takes is a matter of chance, but of the same chance each time.
    pace: async () => {
      for (let turns = pacing.below(3); turns > 0; turns -= 1) await giveWay();
    },
  };
  machine.setClock(from?.clock ?? begunAt);
  const started =
    from?.machineSurvives === true ? machine.restart(from.image, options) : machine.reboot(from?.image, options);
  const process = breaking === undefined ? started : machine.through(started, breaking(started.disk));
  const acknowledged: { readonly event: number; readonly write: AcknowledgedWrite }[] = [];
  let storeId = from?.storeId ?? "";
  let recoveredUpTo: number | undefined;
  const session: Session = {
    machine,
    process,
    random: new Random(workload.name, seed),
    async open({ as = process, settings } = {}) {
      const { directory } = machine;
      const state = await openStateDirectory({
        directory,
        collections: workloadCollections,
        ...smallStore,
        ...workload.settings,
        ...settings,
        environment: as.environment,
      });
      recoveredUpTo ??= state.recovery.lastSequence;
      if (storeId === "") ({ storeId } = state);
      log.record({ kind: "opened", sequence: state.recovery.lastSequence, epoch: state.epoch });
      return state;
    },
    async close(state) {
      await state.close();
      log.record({ kind: "closed" });
    },
    acknowledged(state, write) {
      log.record({ kind: "acknowledged", sequence: Math.max(state.lastSequence, write?.sequence ?? 0) });
      if (write === undefined) return;
      acknowledged.push({ event: log.events.length, write: { ...write, body: structuredClone(write.body) } });
    },
  };
  await workload.run(session);
  const truth = new TruthHistory(log.events, from === undefined ? new Truth() : from.truth.upTo(recoveredUpTo ?? 0));
  for (const { event, write } of acknowledged) assertJournaled(truth.before(event), write);
  return {
    workload,
    seed,
    start: from?.history.clone() ?? DiskHistory.of(undefined),
    events: log.events,
    truth,
    acknowledgedBefore: from?.acknowledged ?? 0,
    storeId,
    openedBefore: from?.storeId !== undefined,
    endedAt: machine.now(),
  };
}

/** What the caller was told and what went to the disk must be the same, or all that follows proves nothing. */
function assertJournaled(truth: Truth, { collection, id, revision, sequence, body }: AcknowledgedWrite): void {
  const operation = truth
    .commit(sequence)
    ?.operations.find((candidate) => "put" in candidate && candidate.put === collection && candidate.id === id);
  if (
    operation === undefined ||
    !("put" in operation) ||
    operation.revision !== revision ||
    JSON.stringify(operation.body) !== JSON.stringify(body)
  ) {
    throw new Error(`commit ${sequence} was acknowledged for ${collection}/${id}, and the journal was sent another`);
  }
}
