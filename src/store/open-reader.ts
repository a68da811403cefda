import { hostname } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { CollectionDefinition } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import { storageError } from "../files/storage-error.js";
import { LooseDocuments } from "../documents/loose-documents.js";
import { listClaims } from "../locking/claim.js";
import { judgeHolder, type JudgeOptions } from "../locking/judge-holder.js";
import { ownIdentity } from "../locking/process-identity.js";
import { examineDirectory } from "./adopt-directory.js";
import { Bodies } from "./bodies.js";
import { ChangeLog } from "./change-log.js";
import type { CollectionState } from "./collection-state.js";
import { ConditionKeeper } from "./condition.js";
import { DirectoryStore } from "./directory-store.js";
import type { Engine } from "./engine.js";
import { ExpiryClock } from "./expiry-clock.js";
import { readHistory } from "./history.js";
import { loadState, type LoadedState, type LoadOptions } from "./load-state.js";
import { manifestSchema, readSealed } from "./manifest.js";
import type { OpenEnvironment } from "./open-options.js";
import type { StoreOptions } from "./options.js";
import { Reader } from "./reader.js";
import type { RecoveryReport } from "./recovery-report.js";
import { CollectionRegistry } from "./registry.js";
import type { Version } from "./version.js";

export interface OpenReaderOptions {
  readonly directory: string;
  readonly settings: StoreOptions;
  readonly environment: OpenEnvironment;
}

const mostAttempts = 20;
const catchUpPauseMs = 10;

/**
 * Opens a directory to read it, beside its owner or without one. Takes no lock, writes nothing, and shows only what is
 * known to be durable.
 */
export async function openReader({ directory, settings, environment }: OpenReaderOptions): Promise<DirectoryStore> {
  const { fileSystem, clock, onProgress } = environment;
  const started = clock.elapsed();
  const startedAt = clock.now();
  const named = new Layout(directory);
  try {
    const kind = await examineDirectory(fileSystem, named);
    if (kind !== "ours") {
      throw new HoldfastError("INVALID_CONFIG", `${named.root} holds no state yet: there is nothing to read.`, {
        details: { directory: named.root },
      });
    }
    const layout = new Layout(await fileSystem.canonical(named.root));
    const manifest = await readSealed(fileSystem, layout.manifest, manifestSchema);
    const documents = new LooseDocuments(fileSystem, layout);
    const definitions = new Map(environment.collections.map((definition) => [definition.name, definition]));
    const loading: LoadOptions = {
      fileSystem,
      layout,
      documents,
      definitions,
      storeId: manifest.state === "present" ? manifest.content.storeId : undefined,
      upTo: "durable",
      onProgress,
    };
    const loaded = await loadUndisturbed(loading);
    const storeId = loading.storeId ?? loaded.journal.storeId ?? "";
    const condition = new ConditionKeeper();
    const changes: ChangeLog = new ChangeLog(loaded.lastSequence, (since) =>
      readHistory(fileSystem, layout, storeId, since, reader.lastSequence()),
    );
    const bodies = new Bodies(documents, settings.cacheBytes);
    const registry = new CollectionRegistry(loaded.states, bodies);
    const load = (): Promise<LoadedState> => loadUndisturbed({ ...loading, definitions: registry.definitions() });
    const isAbandoned = (): Promise<boolean> =>
      hasNoOwner({ fileSystem, layout, clock, own: ownIdentity(), staleAfterMs: settings.staleAfterMs });
    const reader: Reader = new Reader({ fileSystem, layout, registry, changes, storeId, loaded, load, isAbandoned });
    const engine: Engine = {
      condition,
      bodies,
      changes,
      expiry: new ExpiryClock(
        clock,
        loaded.checkpoint.state === "present" ? loaded.checkpoint.content.expiryClock : undefined,
      ),
      limits: settings,
      committer: undefined,
      admission: () => undefined,
      replaced: (state, version) => catchUp(reader, state, version),
      attach: (definition: CollectionDefinition<unknown>) => registry.attach(definition),
    };
    // What a dead owner acknowledged last may have no watermark: it belongs in the first picture too.
    await reader.look();
    reader.start();
    const recovery = reportOf(layout.root, storeId, loaded, {
      startedAt,
      finishedAt: clock.now(),
      durationMs: clock.elapsed() - started,
    });
    return new DirectoryStore({ root: layout.root, storeId, epoch: 0, recovery, engine, registry, role: reader });
  } catch (error) {
    throw storageError(error, "open the state directory for reading", named.root);
  }
}

async function hasNoOwner(options: JudgeOptions): Promise<boolean> {
  const epoch = (await listClaims(options.fileSystem, options.layout.epochs)).at(-1) ?? 0;
  const judgement = await judgeHolder(options, epoch);
  if (judgement.kind === "held") judgement.release();
  return judgement.kind === "vacant";
}

/** A checkpoint may take files away while they are being listed; then the picture is taken again. */
async function loadUndisturbed(options: LoadOptions): Promise<LoadedState> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const loaded = await loadState(options);
      const isWhole = loaded.journal.lost.length === 0 && loaded.missingDocuments.size === 0;
      if (isWhole || attempt >= 3) return loaded;
    } catch (error) {
      if (!isAbsent(error) || attempt >= mostAttempts) throw error;
    }
    await delay(catchUpPauseMs);
  }
}

/** The owner has moved a newer version into the file: it is in the journal, and soon here. */
async function catchUp(reader: Reader, state: CollectionState, version: Version): Promise<void> {
  for (let attempt = 0; attempt < mostAttempts * 5; attempt += 1) {
    await reader.look();
    if (state.acknowledged.get(version.id) !== version) return;
    await delay(catchUpPauseMs);
  }
  throw new HoldfastError(
    "CORRUPT",
    `The file of the document ${JSON.stringify(version.id)} of ${state.name} is gone, or holds another version than it should. Run \`holdfast verify\`.`,
    { details: { collection: state.name, id: version.id, sequence: version.sequence } },
  );
}

/** What a reader found. It repairs nothing, so nothing is quarantined. */
function reportOf(
  root: string,
  storeId: string,
  loaded: LoadedState,
  times: { readonly startedAt: number; readonly finishedAt: number; readonly durationMs: number },
): RecoveryReport {
  const { journal } = loaded;
  const damage: RecoveryReport["damage"] = [
    ...(loaded.checkpoint.state === "damaged"
      ? [
          {
            file: "checkpoint.json",
            kind: "checkpoint" as const,
            detail: loaded.checkpoint.error.message,
            repaired: false,
          },
        ]
      : []),
    ...loaded.damagedDocuments.map(({ path, error, restored }) => ({
      file: relative(root, path),
      kind: "document" as const,
      detail: error.message,
      repaired: restored,
    })),
    ...[...loaded.missingDocuments].map(([collection, { count, restored }]) => ({
      file: join("collections", collection, "documents"),
      kind: "document" as const,
      detail: `${count} of the documents that the checkpoint counted are missing; ${restored} found in the journal`,
      repaired: restored === count,
    })),
    ...journal.findings.flatMap((finding) =>
      finding.kind === "torn"
        ? []
        : [{ file: join("journal", finding.segment), kind: "journal" as const, detail: finding.detail, repaired: false }],
    ),
  ];
  const lostDocuments = [
    ...loaded.damagedDocuments
      .filter(({ restored }) => !restored)
      .map(({ collection, id, path }) => ({ collection, id: id ?? relative(root, path) })),
    ...[...loaded.missingDocuments].flatMap(([collection, { count, restored }]) =>
      Array.from({ length: count - restored }, () => ({ collection, id: "" })),
    ),
  ];
  return {
    format: 1,
    storeId,
    epoch: 0,
    pid: process.pid,
    host: hostname(),
    startedAt: new Date(times.startedAt).toISOString(),
    finishedAt: new Date(times.finishedAt).toISOString(),
    durationMs: Math.round(times.durationMs * 10) / 10,
    outcome: lostDocuments.length > 0 || journal.lost.length > 0 ? "degraded" : "clean",
    takeover: { how: "unclaimed", previousEpoch: null, previousPid: null, previousHost: null, waitedMs: 0 },
    checkpointSequence: loaded.checkpoint.state === "present" ? loaded.checkpoint.content.sequence : 0,
    lastSequence: loaded.lastSequence,
    documents: loaded.documents,
    journal: {
      segments: journal.segments.length,
      replayed: loaded.replayed,
      replayedOperations: loaded.replayedOperations,
      tornTails: [],
    },
    damage,
    lostSequences: journal.lost.map(({ first, last }) => ({ first, last })),
    lostDocuments,
    removedTemporaryFiles: 0,
    warnings: [],
  };
}
