import type { Config } from "../config/index.js";
import { openStateDirectory, type OpenStateDirectoryOptions, type StateDirectory } from "../open-state-directory.js";
import type { RecoveryProgress } from "../store/index.js";
import type { Invocation } from "./invocation.js";
import { ProgressLine } from "./progress-line.js";
import { duration } from "./render/quantity.js";
import { recoveryRemark } from "./render/recovery-report.js";

const stageLabels: Record<RecoveryProgress["stage"], string> = {
  waiting: "Waiting for the process that holds the directory",
  documents: "Reading documents",
  journal: "Replaying the journal",
  checkpoint: "Writing a checkpoint",
};

/** Opens for reading: takes no lock, waits for nobody, writes nothing. */
export async function openForReading(invocation: Invocation, config: Config): Promise<StateDirectory> {
  return await open(invocation, { ...optionsOf(config), mode: "reader" });
}

/**
 * Opens for writing, waiting for another process as long as the configuration allows.
 *
 * @param create whether a directory that does not exist is made.
 */
export async function openForWriting(invocation: Invocation, config: Config, create: boolean): Promise<StateDirectory> {
  return await open(invocation, {
    ...optionsOf(config),
    mode: "writer",
    create,
    waitMs: config.lock.waitMs,
    ...(invocation.options.takeOver === true ? { takeOver: "paused" } : {}),
  });
}

/** As {@link openForWriting}, for a command that is about something else: tells people if it had to recover first. */
export async function openForOneChange(
  invocation: Invocation,
  config: Config,
  create: boolean,
): Promise<StateDirectory> {
  const state = await openForWriting(invocation, config, create);
  const remark = recoveryRemark(state.recovery);
  if (remark !== undefined) invocation.output.remark(remark);
  return state;
}

async function open({ output }: Invocation, options: OpenStateDirectoryOptions): Promise<StateDirectory> {
  using progress = new ProgressLine(output.progressStream);
  return await openStateDirectory({
    ...options,
    onProgress: ({ stage, done, total }) => {
      // Of waiting, what is done is the time that has passed, in milliseconds.
      if (stage === "waiting") progress.show(`${stageLabels[stage]} (${duration(done)})`, 0);
      else progress.show(stageLabels[stage], done, total);
    },
  });
}

/** The settings of the store, by the names the library gives them. */
function optionsOf({
  directory,
  networkFileSystem,
  lock,
  journal,
  packs,
  limits,
  responses,
  replay,
  files,
  vectorStores,
}: Config): OpenStateDirectoryOptions {
  return {
    directory,
    networkFileSystem,
    heartbeatMs: lock.heartbeatMs,
    staleAfterMs: lock.staleAfterMs,
    checkpointBytes: journal.checkpointBytes,
    journalRetainBytes: journal.retainBytes,
    journalLimitBytes: journal.limitBytes,
    packAtDocuments: packs.atDocuments,
    looseLimit: packs.looseLimit,
    mergeFactor: packs.mergeFactor,
    mergeBytesPerSecond: packs.mergeBytesPerSecond,
    indexCacheBytes: packs.indexCacheBytes,
    documentBytes: limits.documentBytes,
    depth: limits.depth,
    responses: { timeToLiveMs: responses.timeToLiveSeconds * 1000 },
    replay: replayOptionsOf(replay),
    files: { limitBytes: files.limitBytes, formats: files.formats?.split(",") ?? [] },
    vectorStores: { ingestion: vectorStores.ingestion, leaseMs: vectorStores.leaseSeconds * 1000 },
  };
}

/** The settings of the replay, by the names the library gives them. */
export function replayOptionsOf(replay: Config["replay"]): NonNullable<OpenStateDirectoryOptions["replay"]> {
  const { timeToLiveSeconds, maximumCount, maximumBytes, abandonedAfterSeconds, captureText, bodyBytes } = replay;
  return {
    retention: { timeToLiveMs: timeToLiveSeconds * 1000, maximumCount, maximumBytes },
    abandonedAfterMs: abandonedAfterSeconds * 1000,
    policy: { capture_text: captureText, max_body_bytes: bodyBytes },
  };
}
