import type { Maintained, Reconciled, Reconciliation, Store } from "../../collections/index.js";
import { once, type Idempotency } from "../idempotency/index.js";
import { abortAbandoned, type Abandonment } from "./abandoned-records.js";
import { aggregateRecords } from "./aggregate-records.js";
import { applyChanges, checkChanges } from "./apply-changes.js";
import type { CapturePolicy, CapturePolicyInput } from "./capture-policy.js";
import { checkCounters } from "./check-counters.js";
import { CombinedOperations } from "./combined-operations.js";
import { CountedRecords } from "./counted-records.js";
import type { ReplayHallucination } from "./hallucination.js";
import { recoveryReasons } from "./lifecycle.js";
import { exportRecords, listRecords, recordsOfSession } from "./list-records.js";
import type { Outcome } from "./outcome.js";
import { expiryKey, prepareRecord } from "./prepare-record.js";
import { orderKeyOfTime, recordExists, recordNotFound } from "./refusals.js";
import { enforceRetention, removeRange, removeRecord, type RemovalOptions } from "./removal.js";
import type { ReplayAggregate } from "./replay-aggregate.js";
import type { CapturedBody, ReplayChanges, ReplayEnd, ReplayStatus } from "./replay-changes.js";
import {
  replayRecordsCollection,
  storedRecordOf,
  type Recorder,
  type StoredReplayBody,
  type StoredReplayRecord,
} from "./replay-document.js";
import { ReplayMetrics, type ReplayCounters } from "./replay-metrics.js";
import { resolveOptions, type ReplayOptions, type ReplaySettings } from "./replay-options.js";
import type { ReplayFilter, ReplayPage, ReplayQuery } from "./replay-query.js";
import type { ReplayRecordInput } from "./replay-record.js";
import type { ToolTrace } from "./tool-trace.js";
import type { ReplayUsage } from "./usage.js";

export interface AddRecordOptions {
  /** What is captured, for this record's whole life. What it leaves out is as the default policy has it. */
  readonly policy?: CapturePolicyInput | undefined;
  /** The remote process that records. Default: the process that owns the store. */
  readonly recorder?: Recorder | undefined;
  /** Makes a repeated call return the record that the first one added, for 24 hours. */
  readonly idempotency?: Idempotency | undefined;
}

export interface ChangeRecordOptions {
  /** Makes a repeated call change nothing, for 24 hours. The key is kept in the commit that makes the change. */
  readonly idempotency?: Idempotency | undefined;
}

export interface ChangedRecord {
  readonly stored: StoredReplayRecord;
  /** Whether this call ended the record. False if it did not ask for it, and if the record had ended before. */
  readonly finished: boolean;
  /** Whether the call had been made before, so that nothing was changed. */
  readonly duplicate: boolean;
}

export interface EndedRecord {
  readonly stored: StoredReplayRecord;
  /** False if the record had ended before: then it is as it was. */
  readonly finished: boolean;
}

export interface RecordedOutcome {
  readonly stored: StoredReplayRecord;
  /** Whether the outcome had been recorded before, under the same idempotency key. */
  readonly duplicate: boolean;
}

/** A time: RFC 3339, up to nanoseconds, or a Date. */
export type ReplayTime = string | Date;

/**
 * The router replay: for each request what a router decided, why, and what came of it.
 *
 * A record is one document. It is added when the request was routed, changed as the answer arrives, and ended once;
 * each call is one commit, and {@link patch} makes one commit of several changes. A call resolves when it is durable,
 * and there is no queue behind it that could lose something: a record whose call failed is not there, and is counted in
 * {@link counters}.
 *
 * All writes may reject as the store's do. All changes of a record that does not exist, or whose time is up, reject with
 * `NOT_FOUND`. Reads reject where they can not be answered; an outage is never an empty list.
 */
export class Replay implements Reconciled, Maintained {
  readonly #store: Store;
  readonly #settings: ReplaySettings;
  readonly #metrics = new ReplayMetrics();
  readonly #operations: CombinedOperations;
  readonly #counted: CountedRecords;
  /** True from when {@link reconcile} begins until it has come to its end. */
  #isReconciling = false;

  /** @throws HoldfastError `INVALID_CONFIG`, every problem listed. */
  constructor(store: Store, options: ReplayOptions = {}) {
    this.#store = store;
    this.#settings = resolveOptions(options);
    this.#operations = new CombinedOperations(store, this.#settings.retention, this.#metrics);
    this.#counted = new CountedRecords(store, this.#operations);
  }

  /** What has happened to records since this object was made, losses included. */
  get counters(): ReplayCounters {
    return this.#metrics.counters;
  }

  /** What a record's policy leaves out is as it is here. */
  get policy(): CapturePolicy {
    return this.#settings.policy;
  }

  /**
   * Adds a record. What it leaves out of `id`, `timestamp`, `turn_index`, `decision_tier`, `decision_priority`, `signals`
   * and `lifecycle_state` begins as the reference begins it.
   *
   * @throws HoldfastError `INVALID_DOCUMENT`; `ALREADY_EXISTS`; `DOCUMENT_TOO_LARGE` if it is beyond its policy's
   * `max_record_bytes` even without captured text.
   */
  async add(
    record: ReplayRecordInput,
    { policy, recorder, idempotency }: AddRecordOptions = {},
  ): Promise<StoredReplayRecord> {
    const addRecord = async (): Promise<{ id: string; isNew: boolean }> => {
      const prepared = prepareRecord({ record, policy, recorder }, this.#settings);
      const added = await this.#operations.write(async (batch) => {
        let isNew = false;
        const [id = prepared.id] = await once(batch.transaction, idempotency, async () => {
          const taken = await batch.find(prepared.id);
          if (taken !== undefined && !this.#isExpired(taken.body)) throw recordExists(prepared.id);
          await batch.write(prepared.id, prepared.body, taken?.body);
          isNew = true;
          return [prepared.id];
        });
        return { id, isNew };
      });
      if (added.isNew && prepared.body.degraded !== undefined) this.#metrics.degraded();
      return added;
    };
    const { id } = await this.#metrics.observe("added", "dropped", addRecord, ({ isNew }) => (isNew ? 1 : 0));
    return this.#written(id);
  }

  /** Reads one record. @returns `undefined` if there is none, or its time is up. */
  async get(id: string): Promise<StoredReplayRecord | undefined> {
    const stored = await this.#store.collection(replayRecordsCollection).get(id);
    return stored === undefined || this.#isExpired(stored.body) ? undefined : storedRecordOf(stored);
  }

  /**
   * Reads a page, newest first by (`timestamp`, id).
   *
   * @throws HoldfastError `INVALID_CONFIG`, every problem listed; `INVALID_CURSOR`.
   */
  async list(query: ReplayQuery = {}): Promise<ReplayPage> {
    return listRecords(this.#store, this.#counted, query, expiryKey(this.#settings));
  }

  /** Adds up the records of a filter. @throws HoldfastError `INVALID_CONFIG` */
  async aggregate(filter: ReplayFilter = {}): Promise<ReplayAggregate> {
    return aggregateRecords(this.#counted, filter, expiryKey(this.#settings));
  }

  /**
   * Reads all records of a session, oldest first: those with that `session_id`, or, where there are none, those with
   * that `request_id`.
   */
  async session(sessionId: string): Promise<StoredReplayRecord[]> {
    return recordsOfSession(this.#store, sessionId, expiryKey(this.#settings));
  }

  /**
   * Every record of a filter, oldest first. Each is given once, whatever is written meanwhile; one that is removed before
   * it was reached is left out.
   *
   * @throws HoldfastError `INVALID_CONFIG`
   */
  export(
    filter: ReplayFilter = {},
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncIterable<StoredReplayRecord> {
    return exportRecords(this.#store, filter, expiryKey(this.#settings), signal);
  }

  /**
   * Changes several parts of a record in one commit.
   *
   * @throws HoldfastError `NOT_FOUND`; `INVALID_DOCUMENT`, also for an idempotency key that was used for other changes;
   * `DOCUMENT_TOO_LARGE`.
   */
  async patch(id: string, changes: ReplayChanges, { idempotency }: ChangeRecordOptions = {}): Promise<ChangedRecord> {
    const change = async (): Promise<{ finished: boolean; duplicate: boolean; degraded: boolean }> => {
      const checked = checkChanges(changes);
      return this.#operations.write(async (batch) => {
        let result = { finished: false, duplicate: true, degraded: false };
        await once(batch.transaction, idempotency, async () => {
          const stored = await batch.find(id);
          if (stored === undefined || this.#isExpired(stored.body)) throw recordNotFound(id);
          const { body, finished } = applyChanges(stored.body, checked, this.#settings.now());
          if (body !== undefined) await batch.write(id, body, stored.body);
          const degraded = (body?.degraded?.length ?? 0) > (stored.body.degraded?.length ?? 0);
          result = { finished, duplicate: false, degraded };
          return [id];
        });
        return result;
      });
    };
    const count = (changed: { readonly duplicate: boolean }): number => (changed.duplicate ? 0 : 1);
    const { finished, duplicate, degraded } = await this.#metrics.observe("changed", "failedChanges", change, count);
    if (degraded) this.#metrics.degraded();
    return { stored: await this.#written(id), finished, duplicate };
  }

  /** Notes what the response's head says. A status of 0 and a flag that is false change nothing. Throws as {@link patch}. */
  async updateStatus(id: string, status: ReplayStatus): Promise<StoredReplayRecord> {
    return (await this.patch(id, { status })).stored;
  }

  /**
   * Ends a record. Only the first end counts; a later one succeeds, changes nothing, and is told so.
   *
   * @throws HoldfastError as {@link patch}
   */
  async finish(id: string, end: ReplayEnd): Promise<EndedRecord> {
    const { stored, finished } = await this.patch(id, { finish: end });
    return { stored, finished };
  }

  /** Keeps the request's body, as far as the record's policy allows. Throws as {@link patch}. */
  async attachRequest(id: string, body: CapturedBody): Promise<StoredReplayRecord> {
    return (await this.patch(id, { request: body })).stored;
  }

  /** Keeps the response's body, as far as the record's policy allows. Throws as {@link patch}. */
  async attachResponse(id: string, body: CapturedBody): Promise<StoredReplayRecord> {
    return (await this.patch(id, { response: body })).stored;
  }

  /** Appends an outcome: once under each idempotency key, for 24 hours, over restarts too. Throws as {@link patch}. */
  async appendOutcome(id: string, outcome: Outcome, options: ChangeRecordOptions = {}): Promise<RecordedOutcome> {
    const { stored, duplicate } = await this.patch(id, { outcome }, options);
    return { stored, duplicate };
  }

  /** Notes what the hallucination check found. Throws as {@link patch}. */
  async updateHallucination(id: string, hallucination: ReplayHallucination): Promise<StoredReplayRecord> {
    return (await this.patch(id, { hallucination })).stored;
  }

  /** Notes tokens and costs. Throws as {@link patch}. */
  async updateUsage(id: string, usage: ReplayUsage): Promise<StoredReplayRecord> {
    return (await this.patch(id, { usage })).stored;
  }

  /** Adds to a record's tool trace what a later report of it brings. Throws as {@link patch}. */
  async updateToolTrace(id: string, trace: ToolTrace): Promise<StoredReplayRecord> {
    return (await this.patch(id, { tool_trace: trace })).stored;
  }

  /** Deletes one record; also on a full disk. @returns whether there was one. */
  async delete(id: string): Promise<boolean> {
    const isDeleted = await this.#removing("deleted", async () => ((await removeRecord(this.#operations, id)) ? 1 : 0));
    return isDeleted > 0;
  }

  /** Deletes the records that name a session; also on a full disk. @returns how many. */
  async deleteSession(sessionId: string, options: RemovalOptions = {}): Promise<number> {
    return this.#removing("deleted", () =>
      removeRange(this.#store, this.#operations, { where: { session_id: sessionId } }, options),
    );
  }

  /**
   * Deletes the records of before a time, by their `timestamp`; also on a full disk. After a crash the same call goes on.
   *
   * @returns how many.
   * @throws HoldfastError `INVALID_CONFIG` for what is no time.
   */
  async deleteOlderThan(time: ReplayTime, options: RemovalOptions = {}): Promise<number> {
    const until = orderKeyOfTime(time, "/time");
    return this.#removing("deleted", () => removeRange(this.#store, this.#operations, { until }, options));
  }

  /** Deletes the records from `from` on, up to but not at `until`. As {@link deleteOlderThan}. */
  async deleteBetween(from: ReplayTime, until: ReplayTime, options: RemovalOptions = {}): Promise<number> {
    const range = { from: orderKeyOfTime(from, "/from"), until: orderKeyOfTime(until, "/until") };
    return this.#removing("deleted", () => removeRange(this.#store, this.#operations, range, options));
  }

  /**
   * A remote recorder says that it has started: the records under way of its earlier runs are ended.
   *
   * @param name the recorder's.
   * @param run its new run, whose records are left alone.
   */
  async recoverRecorder(name: string, run: string): Promise<Reconciliation[]> {
    const isAbandoned = ({ recorder }: StoredReplayBody): boolean => recorder?.name === name && recorder.run !== run;
    return this.#abort({ where: { recorder: name }, isAbandoned, reason: recoveryReasons.restart });
  }

  /**
   * Ends the records that were under way in processes that owned the store before this one, and counts anew if damage
   * has parted counters and records. Records of remote recorders stay: those may well have outlived us.
   */
  async reconcile(): Promise<Reconciliation[]> {
    this.#isReconciling = true;
    const recounted = await this.#operations.exclusively(() => checkCounters(this.#store));
    // The store has one owner at a time, so a record of another run that has no remote recorder has nobody.
    const { run: own } = this.#settings;
    const isAbandoned = ({ recorder, run }: StoredReplayBody): boolean => recorder === undefined && run !== own;
    const aborted = await this.#abort({ isAbandoned, reason: recoveryReasons.restart });
    this.#isReconciling = false;
    return [...recounted, ...aborted];
  }

  /** Removes what its retention is over for, and ends what remote recorders have left. What fails is done the next time. */
  async maintain({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { now, abandonedAfterMs, retention } = this.#settings;
    const until = expiryKey(this.#settings);
    await this.#removing("expired", () =>
      removeRange(this.#store, this.#operations, { until, includesEnd: true }, { signal }),
    );
    await this.#removing("retired", () => enforceRetention(this.#store, this.#operations, retention, { signal }));
    // On a full disk opening goes on without what it could not put in order.
    if (this.#isReconciling) await this.reconcile();
    const isAbandoned = ({ recorder, touched_at }: StoredReplayBody): boolean =>
      recorder !== undefined && Date.parse(touched_at) <= now() - abandonedAfterMs;
    await this.#abort({ isAbandoned, reason: recoveryReasons.recorderLost }, { signal });
  }

  #abort(abandonment: Omit<Abandonment, "now">, options: RemovalOptions = {}): Promise<Reconciliation[]> {
    const { now } = this.#settings;
    return this.#metrics.observe(
      "aborted",
      "failedChanges",
      () => abortAbandoned(this.#store, this.#operations, { ...abandonment, now }, options),
      (reconciliations) => reconciliations.reduce((sum, { count }) => sum + count, 0),
    );
  }

  #removing(reason: "deleted" | "expired" | "retired", work: () => Promise<number>): Promise<number> {
    return this.#metrics.observe(reason, "failedRemovals", work, (count) => count);
  }

  #isExpired({ order_key }: StoredReplayBody): boolean {
    return order_key <= expiryKey(this.#settings);
  }

  /** The record as it is stored after a write: this one, or a later one that has overtaken the reading. */
  async #written(id: string): Promise<StoredReplayRecord> {
    const stored = await this.get(id);
    if (stored === undefined) throw recordNotFound(id);
    return stored;
  }
}
