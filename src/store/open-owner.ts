import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { DirectoryBlobs } from "../blobs/index.js";
import type { CollectionDefinition } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import { Layout } from "../files/layout.js";
import { makeDirectories } from "../files/make-directories.js";
import { storageError } from "../files/storage-error.js";
import { ClockCache, packMakerFor } from "../packs/index.js";
import { isTemporaryName } from "../files/temporary-name.js";
import { LooseDocuments } from "../documents/loose-documents.js";
import { JournalWriter } from "../journal/journal-writer.js";
import { parseSegmentName } from "../journal/segment-name.js";
import { DirectoryLock } from "../locking/directory-lock.js";
import { examineDirectory } from "./adopt-directory.js";
import { Bodies } from "./bodies.js";
import { ChangeLog } from "./change-log.js";
import { Checkpointer } from "./checkpointer.js";
import { Committer } from "./committer.js";
import { ConditionKeeper } from "./condition.js";
import { DamagedLines } from "./damaged-lines.js";
import { DirectoryStore } from "./directory-store.js";
import type { Engine } from "./engine.js";
import { ExpiryClock } from "./expiry-clock.js";
import { readHistory } from "./history.js";
import { HistoryCheck } from "./history-check.js";
import { setHistoryAside } from "./history-damage.js";
import { loadState } from "./load-state.js";
import type { LoadedState } from "./loaded-state.js";
import { lostVersion } from "./lost-version.js";
import { manifestSchema, readSealed } from "./manifest.js";
import { checkFileSystem } from "./network-file-system.js";
import type { OpenEnvironment, OpeningObserver } from "./open-options.js";
import type { StoreOptions } from "./options.js";
import { LaterDamage } from "./later-damage.js";
import { Merger } from "./merger.js";
import { Packer } from "./packer.js";
import { rebuildPacks } from "./rebuild-packs.js";
import { Owner } from "./owner.js";
import { cutPredecessor, makeReadBytesDurable } from "./predecessor-journal.js";
import { IndexRenewer } from "./index-renewer.js";
import { Quarantine } from "./quarantine.js";
import { recoveryReport, withReconciled } from "./recovery-report-of.js";
import type { RecoveryReport } from "./recovery-report.js";
import { CollectionRegistry } from "./registry.js";
import { repairClaims } from "./repair-claims.js";
import { repairPacks } from "./repair-packs.js";
import { repair, sweepTemporaryFiles, type RepairOutcome } from "./repair.js";
import { Reserve } from "./reserve.js";
import { identifyStore, writeManifest } from "./store-identity.js";
import { Sweeper } from "./sweeper.js";

export interface OpenOwnerOptions {
  readonly directory: string;
  /** Whether to make a directory that does not exist. */
  readonly create: boolean;
  readonly settings: StoreOptions;
  readonly environment: OpenEnvironment;
  readonly observer: OpeningObserver;
}

/**
 * Takes a directory over and recovers it. In order: look at it without touching it; take the lock; read everything; set
 * aside what can not be trusted; seal the predecessor's journal by beginning our own. Every step can be cut short and
 * begun anew by the next owner: until our first segment stands, nothing that was there has changed its meaning.
 */
export async function openOwner(options: OpenOwnerOptions): Promise<DirectoryStore> {
  const { environment, observer } = options;
  const { clock, onProgress } = environment;
  const warnings: string[] = [];
  const layout = await prepareRoot(options, warnings);
  const startedAt = clock.now();
  const started = clock.elapsed();
  const reserve = new Reserve(environment.fileSystem, layout.reserve);
  const lock = await takeLock(options, layout, reserve, () => {
    onProgress?.({ stage: "waiting", done: Math.round(clock.elapsed() - started) });
  });
  let opened: DirectoryStore | undefined;
  try {
    await observer.owned(lock, layout);
    const recovered = await reserve.attempt(() => recover(options, layout, lock, new Date(startedAt)));
    const begun = await begin(options, layout, lock, recovered, { reserve, warnings, startedAt, started });
    opened = begun.store;
    await reconcile(options, layout, opened, { reserve, started });
    await observer.recovered(opened.recovery);
    begun.owner.openingIsOver(begun.isBehind);
    return opened;
  } catch (error) {
    const typed = storageError(error, "open the state directory", layout.root);
    await leave(layout, [
      () => observer.failed(typed),
      // A store that is open already works in the background, and must have stopped before the directory is free.
      () => (opened === undefined ? lock.release() : opened.close()),
    ]);
    throw typed;
  }
}

/**
 * Lets the surfaces put in order what is theirs, and adds it to the report. The report of the recovery itself is on disk
 * by then: a crash in here leaves the rest to the next owner, whose report tells of it.
 */
async function reconcile(
  { environment: { clock }, observer }: OpenOwnerOptions,
  layout: Layout,
  store: DirectoryStore,
  { reserve, started }: Pick<Beginning, "reserve" | "started">,
): Promise<void> {
  const { reconciled, warnings } = await observer.reconcile(store);
  if (reconciled.length === 0 && warnings.length === 0) return;
  const times = { finishedAt: clock.now(), durationMs: clock.elapsed() - started };
  const report = withReconciled(store.recovery, reconciled, times);
  store.completeRecovery({ ...report, warnings: [...report.warnings, ...warnings] });
  await writeReport(reserve, layout, store.recovery);
}

/** After an opening that failed: what fails now too is told, and does not take the place of the reason. */
async function leave(layout: Layout, steps: readonly (() => Promise<void>)[]): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      process.emitWarning(`Holdfast failed to open ${layout.root}, and could not leave it in order: ${String(error)}`);
    }
  }
}

async function prepareRoot(options: OpenOwnerOptions, warnings: string[]): Promise<Layout> {
  const { fileSystem } = options.environment;
  const { networkFileSystem } = options.settings;
  const named = new Layout(options.directory);
  try {
    const kind = await examineDirectory(fileSystem, named);
    if (kind === "absent") {
      if (!options.create) {
        throw new HoldfastError("INVALID_CONFIG", `${named.root} does not exist.`, {
          details: { directory: named.root },
        });
      }
      // A file system that is refused is refused before anything is made on it.
      await checkFileSystem(fileSystem, await nearestExisting(fileSystem, named.root), networkFileSystem);
      await makeDirectories(fileSystem, named.root);
    }
    const layout = new Layout(await fileSystem.canonical(named.root));
    const warning = await checkFileSystem(fileSystem, layout.root, networkFileSystem);
    if (warning !== undefined) warnings.push(warning);
    return layout;
  } catch (error) {
    throw storageError(error, "open the state directory", named.root);
  }
}

async function nearestExisting(fileSystem: FileSystem, path: string): Promise<string> {
  return (await fileSystem.status(path)) === undefined ? nearestExisting(fileSystem, dirname(path)) : path;
}

async function takeLock(
  { settings, environment: { fileSystem, clock, identity } }: OpenOwnerOptions,
  layout: Layout,
  reserve: Reserve,
  onWaiting: () => void,
): Promise<DirectoryLock> {
  try {
    const manifest = await readSealed(fileSystem, layout.manifest, manifestSchema);
    return await DirectoryLock.acquire({
      fileSystem,
      layout,
      clock,
      own: identity(),
      storeId: manifest.state === "present" ? manifest.content.storeId : null,
      leastEpoch: await newestEpochInJournal(fileSystem, layout),
      waitMs: settings.waitMs,
      takeOver: settings.takeOver,
      heartbeatMs: settings.heartbeatMs,
      staleAfterMs: settings.staleAfterMs,
      onWaiting,
      withRoom: (work) => reserve.attempt(work),
    });
  } catch (error) {
    throw storageError(error, "take the state directory", layout.root);
  }
}

/**
 * Segments are ordered by the epoch that wrote them. Should the claims have been lost, as in a backup without them, a
 * new owner must not count from 1 again: its segments would stand before those it followed.
 */
async function newestEpochInJournal(fileSystem: FileSystem, layout: Layout): Promise<number> {
  if ((await fileSystem.status(layout.journal)) === undefined) return 0;
  const segments = await fileSystem.readDirectory(layout.journal);
  return Math.max(0, ...segments.map(({ name }) => parseSegmentName(name)?.epoch ?? 0));
}

/** What was found, and what was done about what could not be trusted. */
interface Recovered {
  readonly storeId: string;
  readonly isNew: boolean;
  readonly loaded: LoadedState;
  readonly repaired: RepairOutcome;
  readonly documents: LooseDocuments;
  readonly cache: ClockCache;
  readonly documentCache: ClockCache;
  readonly quarantine: Quarantine;
}

async function recover(
  { environment, settings }: OpenOwnerOptions,
  layout: Layout,
  lock: DirectoryLock,
  now: Date,
): Promise<Recovered> {
  const { fileSystem, clock, onProgress } = environment;
  for (const folder of [layout.journal, layout.collections, layout.quarantine])
    await makeDirectories(fileSystem, folder);
  const quarantine = new Quarantine(fileSystem, layout, clock);
  const identity = await identifyStore(fileSystem, layout, lock, quarantine, now);
  const documents = new LooseDocuments(fileSystem, layout);
  const cache = new ClockCache(settings.indexCacheBytes);
  const documentCache = new ClockCache(settings.cacheBytes);
  const definitions = new Map(environment.collections.map((definition) => [definition.name, definition]));
  const loaded = await loadState({
    fileSystem,
    layout,
    documents,
    definitions,
    storeId: identity.storeId,
    cache,
    documentCache,
    upTo: "end",
    onProgress,
  });
  const storeId = identity.storeId ?? loaded.journal.storeId ?? randomUUID();
  // Reading takes a while. Whoever was paused in it long enough to be taken over must not tidy up after itself: what
  // looks left behind now is what its successor is working with.
  lock.checkFence();
  if (identity.rewrite) await writeManifest(fileSystem, layout, storeId, now);
  const predecessorLives = lock.takeover.predecessorGone !== undefined;
  const repaired = await repair(fileSystem, layout, quarantine, loaded, predecessorLives);
  const packs = await repairPacks({ fileSystem, layout, clock, quarantine, cache, storeId }, loaded);
  const damagedClaims = await repairClaims(fileSystem, layout, quarantine, lock.claim, storeId);
  lock.checkFence();
  const swept = await sweepTemporaryFiles(fileSystem, await strayTemporaryFiles(fileSystem, layout));
  return {
    storeId,
    isNew: identity.isNew,
    loaded,
    repaired: {
      ...repaired,
      damage: [...identity.damage, ...damagedClaims, ...repaired.damage, ...packs.damage],
      lostDocuments: [...repaired.lostDocuments, ...packs.lostDocuments],
      removedTemporaryFiles: repaired.removedTemporaryFiles + swept,
    },
    documents,
    cache,
    documentCache,
    quarantine,
  };
}

interface Beginning {
  readonly reserve: Reserve;
  readonly warnings: string[];
  readonly startedAt: number;
  readonly started: number;
}

interface Begun {
  readonly store: DirectoryStore;
  readonly owner: Owner;
  /** Whether recovery left something that should soon be in the collections' files. */
  readonly isBehind: boolean;
}

/** Begins this owner's journal, which seals the predecessor's, and puts the store together around it. */
async function begin(
  { settings, environment, observer }: OpenOwnerOptions,
  layout: Layout,
  lock: DirectoryLock,
  { storeId, isNew, loaded, repaired, documents, cache, documentCache, quarantine }: Recovered,
  { reserve, warnings, startedAt, started }: Beginning,
): Promise<Begun> {
  const { fileSystem, clock } = environment;
  const checkpoint = loaded.checkpoint.state === "present" ? loaded.checkpoint.content : undefined;
  const checkpointSequence = checkpoint?.sequence ?? 0;
  const condition = new ConditionKeeper();
  const expiry = new ExpiryClock(clock, checkpoint?.expiryClock);
  warnings.push(...clockWarnings(expiry));
  const changes: ChangeLog = new ChangeLog(loaded.lastSequence, (since) =>
    readHistory(fileSystem, layout, storeId, since, committer.lastSequence),
  );
  const committer: Committer = new Committer({ clock, condition, changes, lastSequence: loaded.lastSequence });
  await makeReadBytesDurable(fileSystem, layout, loaded);
  const journal = await JournalWriter.open(
    {
      fileSystem,
      directory: layout.journal,
      storeId,
      epoch: lock.claim.epoch,
      previous: loaded.journal.previous,
      lastSequence: loaded.lastSequence,
      checkFence: lock.checkFence,
      firstSegmentBytes: settings.firstSegmentBytes,
      segmentBytes: settings.segmentBytes,
      // Small segments must not be all reserve: then every commit would need one of its own.
      reserveBytes: Math.min(settings.deleteReserveBytes, settings.firstSegmentBytes / 4, settings.segmentBytes / 4),
    },
    committer,
  );
  committer.attach(journal);
  try {
    lock.checkFence();
    await cutPredecessor(fileSystem, layout, loaded);
    await reserve.establish();
    const bodies = new Bodies(documents, documentCache);
    const registry = new CollectionRegistry(loaded.states, bodies, (state, definition) =>
      rebuildPacks({ fileSystem, layout, storeId, cache }, state, definition),
    );
    const maker = packMakerFor(fileSystem);
    const damagedSegments = new Set(repaired.damagedSegments);
    const laterDamage = new LaterDamage({
      store: () => store,
      publish: async (report) => {
        await writeReport(reserve, layout, report);
        await observer.recovered(report);
      },
    });
    const checkpointer = new Checkpointer({
      fileSystem,
      layout,
      clock,
      expiry,
      documents,
      bodies,
      committer,
      journal,
      quarantine,
      reserve,
      storeId,
      options: settings,
      states: () => registry.all(),
      inherited: loaded.journal.segments,
      damagedSegments,
      checkpoint,
      isListStale: loaded.damagedPacks.length > 0 || loaded.checkpoint.state === "damaged",
      packer: new Packer({ fileSystem, layout, documents, storeId, cache, maker, options: settings }),
      indexes: new IndexRenewer({ fileSystem, layout, storeId, cache }),
      damagedLines: new DamagedLines({ layout, quarantine, laterDamage }),
      merger: new Merger({ fileSystem, layout, storeId, cache, maker, options: settings }),
      maker,
      checkFence: lock.checkFence,
      predecessorGone: lock.takeover.predecessorGone,
    });
    const engine: Engine = {
      condition,
      bodies,
      changes,
      expiry,
      limits: settings,
      committer,
      admission: () => checkpointer.admission(),
      replaced: (state, version) =>
        state.recent.get(version.id) === version ? Promise.reject(lostVersion(state, version)) : Promise.resolve(),
      attach: (definition: CollectionDefinition<unknown>) => registry.attach(definition),
    };
    const blobs = new DirectoryBlobs({
      fileSystem,
      layout,
      owner: { checkFence: lock.checkFence, quarantine: (...moved) => quarantine.move(...moved) },
    });
    const unfinishedUploads = await blobs.tidy();
    const recovery = recoveryReport({
      storeId,
      lock,
      loaded,
      repaired: { ...repaired, removedTemporaryFiles: repaired.removedTemporaryFiles + unfinishedUploads },
      isNew,
      warnings,
      startedAt,
      finishedAt: clock.now(),
      durationMs: clock.elapsed() - started,
      checkpointSequence,
    });
    await writeReport(reserve, layout, recovery);
    const sweeper = new Sweeper(engine, () => registry.all());
    const history = new HistoryCheck({
      fileSystem,
      layout,
      segments: loaded.journal.unread,
      found: async (...found) => {
        lock.checkFence();
        const damage = await setHistoryAside({ layout, quarantine }, ...found);
        // Told on the disk before the segment leaves the journal: if we die in between, the next owner meets it again.
        await laterDamage.report(damage, []);
        damagedSegments.add(found[0]);
        checkpointer.runInBackground();
      },
    });
    const owner = new Owner({ lock, journal, committer, checkpointer, history, sweeper, reserve, condition, layout });
    owner.start(settings);
    const store: DirectoryStore = new DirectoryStore({
      root: layout.root,
      storeId,
      epoch: lock.claim.epoch,
      recovery,
      engine,
      registry,
      blobs,
      role: owner,
    });
    return { store, owner, isBehind: loaded.replayed > 0 || repaired.damage.length > 0 };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

const noticeableClockMs = 60 * 60 * 1000;

function clockWarnings(expiry: ExpiryClock): string[] {
  const lead = expiry.lead();
  if (Math.abs(lead) <= noticeableClockMs) return [];
  const seconds = Math.round(Math.abs(lead) / 1000);
  return [
    `The wall clock is ${seconds} s ${lead > 0 ? "ahead of" : "behind"} where this directory expects it; nothing expires by that jump alone.`,
  ];
}

async function writeReport(reserve: Reserve, layout: Layout, report: RecoveryReport): Promise<void> {
  await reserve.replace(layout.recoveryReport, Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
}

/**
 * Left by earlier owners outside the collections. Those of `epochs/` and `status/` stay: other processes that want the
 * directory make theirs there at this very moment. The sweep is also what keeps an owner that was paused in the middle
 * of a replacement from finishing it: its temporary file is gone.
 */
async function strayTemporaryFiles(fileSystem: FileSystem, layout: Layout): Promise<string[]> {
  const found: string[] = [];
  for (const folder of [layout.root, layout.journal]) {
    for (const { name } of await fileSystem.readDirectory(folder))
      if (isTemporaryName(name)) found.push(join(folder, name));
  }
  return found;
}
