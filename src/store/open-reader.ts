import { hostname } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DirectoryBlobs } from "../blobs/index.js";
import type { CollectionDefinition } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import { storageError } from "../files/storage-error.js";
import { LooseDocuments } from "../documents/loose-documents.js";
import { parseSegmentName } from "../journal/segment-name.js";
import { ClockCache } from "../packs/index.js";
import { listClaims } from "../locking/claim.js";
import { judgeHolder, type JudgeOptions } from "../locking/judge-holder.js";
import { examineDirectory } from "./adopt-directory.js";
import { Bodies } from "./bodies.js";
import { ChangeLog } from "./change-log.js";
import type { CollectionState } from "./collection-state.js";
import { ConditionKeeper } from "./condition.js";
import { DirectoryStore } from "./directory-store.js";
import type { Engine } from "./engine.js";
import { ExpiryClock } from "./expiry-clock.js";
import { readHistory } from "./history.js";
import { loadState } from "./load-state.js";
import type { LoadedState, LoadOptions } from "./loaded-state.js";
import { lostVersion } from "./lost-version.js";
import { manifestSchema, readSealed } from "./manifest.js";
import type { OpenEnvironment } from "./open-options.js";
import type { StoreOptions } from "./options.js";
import { Reader } from "./reader.js";
import { rebuildPacks } from "./rebuild-packs.js";
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
export async function openReader(options: OpenReaderOptions): Promise<DirectoryStore> {
  return (await openReaderParts(options)).store;
}

/** A reader together with what it consists of, for those who copy the directory. */
export interface OpenedReader {
  readonly store: DirectoryStore;
  readonly reader: Reader;
  readonly registry: CollectionRegistry;
  readonly engine: Engine;
  readonly layout: Layout;
}

/** {@link openReader}, with the parts. */
export async function openReaderParts({ directory, settings, environment }: OpenReaderOptions): Promise<OpenedReader> {
  const { fileSystem, clock, identity, onProgress } = environment;
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
    const cache = new ClockCache(settings.indexCacheBytes);
    const documentCache = new ClockCache(settings.cacheBytes);
    const loading: LoadOptions = {
      fileSystem,
      layout,
      documents,
      definitions,
      storeId: manifest.state === "present" ? manifest.content.storeId : undefined,
      cache,
      documentCache,
      upTo: "durable",
      onProgress,
    };
    const loaded = await loadUndisturbed(loading);
    const storeId = loading.storeId ?? loaded.journal.storeId ?? "";
    const condition = new ConditionKeeper();
    const changes: ChangeLog = new ChangeLog(loaded.lastSequence, (since) =>
      readHistory(fileSystem, layout, storeId, since, reader.lastSequence()),
    );
    const bodies = new Bodies(documents, documentCache);
    const takeInPacks = (isReplaced: () => boolean): Promise<void> => lookUntil(reader, isReplaced);
    const registry = new CollectionRegistry(loaded.states, bodies, (state, definition) =>
      rebuildPacks({ fileSystem, layout, storeId, cache, takeInPacks }, state, definition),
    );
    const load = (): Promise<LoadedState> => loadUndisturbed({ ...loading, definitions: registry.definitions() });
    const isAbandoned = (): Promise<boolean> =>
      hasNoOwner({ fileSystem, layout, clock, own: identity(), staleAfterMs: settings.staleAfterMs });
    const reader: Reader = new Reader({
      fileSystem,
      clock,
      layout,
      registry,
      changes,
      storeId,
      cache,
      loaded,
      load,
      isAbandoned,
    });
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
      replaced: (state, version) => catchUp(reader, documents, state, version),
      attach: (definition: CollectionDefinition<unknown>) => registry.attach(definition),
    };
    // What a dead owner acknowledged last may have no watermark: it belongs in the first picture too.
    await reader.catchUp();
    reader.start();
    const recovery = reportOf(layout.root, storeId, loaded, {
      startedAt,
      finishedAt: clock.now(),
      durationMs: clock.elapsed() - started,
    });
    const store = new DirectoryStore({
      root: layout.root,
      storeId,
      epoch: 0,
      recovery,
      engine,
      registry,
      blobs: new DirectoryBlobs({ fileSystem, layout }),
      role: reader,
    });
    return { store, reader, registry, engine, layout };
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

/**
 * Loads beside an owner that goes on: a checkpoint may take journal segments away between the reading of the documents
 * and that of the journal, and the end of the journal may be written while it is read. Either looks like a loss, but
 * never twice like the same one: what is really lost stays so, and is reported.
 *
 * @throws HoldfastError `COMPACTED` if the journal is taken away each time before it could be read
 */
async function loadUndisturbed(options: LoadOptions): Promise<LoadedState> {
  let former: string | undefined;
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    try {
      const loaded = await loadState(options);
      const flaws = flawsOf(loaded);
      if (flaws === undefined || flaws === former) return loaded;
      former = flaws;
      for (const { packs } of loaded.states.values()) for (const pack of packs.packs) await pack.retire();
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
    await delay(catchUpPauseMs);
  }
  throw new HoldfastError(
    "COMPACTED",
    `${options.layout.root} could not be read as of one moment: its owner removes journal segments sooner than all documents can be read. Let it keep more of the journal (journalRetainBytes).`,
    { details: { directory: options.layout.root } },
  );
}

/** What is wrong with a picture, in a form that can be compared; `undefined` if nothing is. */
function flawsOf({ journal, missingDocuments, checkpoint, damagedPacks }: LoadedState): string | undefined {
  const damage = journal.findings.flatMap((finding) =>
    finding.kind === "damage" || finding.kind === "missing" ? [[finding.segment, finding.detail]] : [],
  );
  const first = parseSegmentName(journal.segments[0] ?? "")?.first ?? 1;
  // Without a checkpoint the journal must hold everything; if it does not, one may just have been written.
  const beginning = checkpoint.state === "present" ? 1 : first;
  // A pack that has gone may have been merged into another.
  const packs = damagedPacks.map(({ path, error }) => [path, error.message]);
  const isWhole =
    damage.length === 0 &&
    journal.lost.length === 0 &&
    missingDocuments.size === 0 &&
    damagedPacks.length === 0 &&
    beginning === 1;
  return isWhole ? undefined : JSON.stringify([damage, journal.lost, [...missingDocuments], packs, beginning]);
}

/** Looks until what was replaced is known to be, for about a second. */
async function lookUntil(reader: Reader, isReplaced: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < mostAttempts * 5; attempt += 1) {
    await reader.look();
    if (isReplaced()) return;
    // A checkpoint may also have moved the very same version from a file of its own into a pack, or packs into one.
    await reader.takeInPacks();
    if (isReplaced()) return;
    await delay(catchUpPauseMs);
  }
}

/** The owner has moved a newer version into the file: it is in the journal, and soon here. */
async function catchUp(
  reader: Reader,
  documents: LooseDocuments,
  state: CollectionState,
  version: Version,
): Promise<void> {
  const isReplaced = (): boolean => state.recent.get(version.id) !== version;
  await lookUntil(reader, isReplaced);
  if (isReplaced()) return;
  // The file may be ahead of what the journal says is durable, and stay so if the owner died. Only acknowledged
  // versions are moved into files, so it can be believed.
  const document = await documents.read(state.name, version.id);
  if (document !== undefined && document.envelope.sequence > version.sequence) {
    await reader.reload();
    if (isReplaced()) return;
  }
  throw lostVersion(state, version);
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
    ...loaded.damagedPacks.map(({ path, error, lost, unknown }) => ({
      file: relative(root, path),
      kind: "pack" as const,
      detail: error.message,
      repaired: lost.length === 0 && unknown !== undefined,
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
        : [
            {
              file: join("journal", finding.segment),
              kind: "journal" as const,
              detail: finding.detail,
              repaired: false,
            },
          ],
    ),
  ];
  const lostDocuments = [
    ...loaded.damagedDocuments
      .filter(({ restored }) => !restored)
      .map(({ collection, id, path }) => ({ collection, id: id ?? relative(root, path) })),
    ...loaded.damagedPacks.flatMap(({ collection, lost }) => lost.map((id) => ({ collection, id }))),
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
    reconciled: [],
    warnings: [],
  };
}
