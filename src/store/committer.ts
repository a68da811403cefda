import type { IndexValue } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import { EncodedText } from "../files/encoded-text.js";
import type { Clock } from "../files/clock.js";
import type { JournalEntry, JournalListener, JournalWriter } from "../journal/journal-writer.js";
import type { ChangeLog } from "./change-log.js";
import type { CollectionState } from "./collection-state.js";
import type { ConditionKeeper } from "./condition.js";
import { originOf } from "./unreadable-version.js";
import { tombstoneOf, type Version } from "./version.js";

/** One write of a transaction, checked and serialised. */
export interface PreparedWrite {
  readonly collection: CollectionState;
  readonly id: string;
  /** The new content; `undefined` deletes. */
  readonly content:
    | {
        readonly body: string;
        readonly keys: readonly (IndexValue | undefined)[];
        readonly schemaVersion: number;
        readonly expiresAt: string | undefined;
      }
    | undefined;
  /** The version this one replaces; `undefined` if there is none, or one that has expired. */
  readonly replaces: Version | undefined;
}

/** One step of a commit, and where its body begins in the text of the commit's operations. */
interface Step {
  readonly collection: CollectionState;
  readonly version: Version;
  readonly bodyAt: number;
}

interface Commit {
  readonly entry: JournalEntry;
  readonly steps: readonly Step[];
  readonly resolve: () => void;
  readonly reject: (error: HoldfastError) => void;
  readonly outcome: Promise<void>;
}

export interface Committed {
  readonly sequence: number;
  /** The version that the last of the writes made. */
  readonly last: Version | undefined;
  /** Resolves when the commit is durable and visible. */
  readonly outcome: Promise<void>;
}

/**
 * Gives out sequence numbers and revisions, and keeps what is on its way to the journal. Versions become visible when
 * the journal says they are durable; if it refuses or fails, all that is on its way is rejected together, because later
 * writes may build on earlier ones, and the pending view falls back to the acknowledged one.
 */
export class Committer implements JournalListener {
  readonly #clock: Clock;
  readonly #condition: ConditionKeeper;
  readonly #changes: ChangeLog;
  #journal: JournalWriter | undefined;
  #inFlight: Commit[] = [];
  #lastTime = { now: Number.NaN, text: "" };
  #lastTaken: number;
  /** The newest acknowledged commit. */
  lastSequence: number;
  commits = 0;
  operations = 0;
  /** Why nothing more can be written, if so. */
  failure: HoldfastError | undefined;
  /** Called after each batch that became durable. */
  onDurable: () => void = () => undefined;
  /** Bytes journaled, as text, and not yet in a checkpoint. */
  uncheckpointedBytes = 0;

  constructor(options: { clock: Clock; condition: ConditionKeeper; changes: ChangeLog; lastSequence: number }) {
    this.#clock = options.clock;
    this.#condition = options.condition;
    this.#changes = options.changes;
    this.#lastTaken = options.lastSequence;
    this.lastSequence = options.lastSequence;
  }

  attach(journal: JournalWriter): void {
    this.#journal = journal;
  }

  /**
   * Sends the writes of one transaction to the journal. Runs to its end without giving way, so nothing can come between
   * what the caller checked and the numbers it gets.
   *
   * @throws HoldfastError `STORAGE_FULL`, `STORAGE_FAILED`, `WRITER_FENCED`, `CLOSED`; then nothing has changed.
   */
  commit(writes: readonly PreparedWrite[]): Committed {
    this.#condition.assertWritable();
    const journal = this.#journal;
    if (journal === undefined) throw new HoldfastError("CLOSED", "The store is not open yet.");
    const sequence = this.#lastTaken + 1;
    const time = this.#time();
    const steps: Step[] = [];
    let operations = "";
    let deletesOnly = true;
    for (const write of writes) {
      for (const each of withExpiredRemoved(write)) {
        const version = versionOf(each, sequence, steps.length, time);
        const head = operationHead(each.collection.name, version);
        const body = each.content?.body ?? "";
        const bodyAt = operations.length + (steps.length === 0 ? 0 : 1) + head.length;
        operations += `${steps.length === 0 ? "" : ","}${head}${body}}`;
        deletesOnly &&= version.deleted;
        steps.push({ collection: each.collection, version, bodyAt });
      }
    }
    const entry: JournalEntry = { sequence, time, operations, count: steps.length, deletesOnly, encoded: undefined };
    if (!journal.admits(entry) && journal.full !== undefined) {
      throw new HoldfastError("STORAGE_FULL", journal.full.message, {
        cause: journal.full,
        details: journal.full.details,
      });
    }
    journal.append(entry);
    this.#lastTaken = sequence;
    for (const { collection, version } of steps) collection.pending.set(version.id, version);
    return { sequence, last: steps.at(-1)?.version, outcome: this.#track(entry, steps) };
  }

  /** Resolves when the commit of this number is durable; rejects if it failed on its way. */
  async settled(sequence: number): Promise<void> {
    await this.#inFlight.find(({ entry }) => entry.sequence === sequence)?.outcome;
  }

  durable(sequence: number): void {
    let count = 0;
    for (const { entry, steps, resolve } of this.#inFlight) {
      if (entry.sequence > sequence) break;
      count += 1;
      keepEncoded(entry, steps);
      for (const { collection, version } of steps) collection.acknowledge(version);
      this.lastSequence = entry.sequence;
      this.commits += 1;
      this.operations += steps.length;
      this.uncheckpointedBytes += entry.operations.length;
      this.#changes.push({
        sequence: entry.sequence,
        time: entry.time,
        operations: entry.encoded ?? entry.operations,
      });
      resolve();
    }
    this.#inFlight.splice(0, count);
    this.#changes.announce();
    this.onDurable();
  }

  refused(error: HoldfastError): void {
    this.#rejectAll(error);
    // Nothing of it was written, so the numbers are free again.
    this.#lastTaken = this.lastSequence;
  }

  failed(error: HoldfastError): void {
    this.failure = error;
    this.#condition.set({ state: error.code === "WRITER_FENCED" ? "fenced" : "failed", error });
    this.#rejectAll(error);
  }

  full(error: HoldfastError): void {
    this.#condition.set({ state: "full", error });
  }

  resumed(): void {
    this.#condition.set({ state: "open" });
  }

  /** Now, as text; it is made once for all commits of a millisecond. */
  #time(): string {
    const now = this.#clock.now();
    if (now !== this.#lastTime.now) this.#lastTime = { now, text: new Date(now).toISOString() };
    return this.#lastTime.text;
  }

  #track(entry: JournalEntry, steps: Commit["steps"]): Promise<void> {
    let resolve!: () => void;
    let reject!: (error: HoldfastError) => void;
    const outcome = new Promise<void>((onDurable, onFailed) => {
      resolve = onDurable;
      reject = onFailed;
    });
    this.#inFlight.push({ entry, steps, resolve, reject, outcome });
    return outcome;
  }

  #rejectAll(error: HoldfastError): void {
    const rejected = this.#inFlight;
    this.#inFlight = [];
    for (const commit of rejected) {
      for (const { collection, version } of commit.steps) collection.pending.delete(version.id);
    }
    for (const commit of rejected) {
      commit.reject(new HoldfastError(error.code, error.message, { cause: error, details: error.details }));
    }
  }
}

/**
 * A document that has expired is still there until it is swept. Whoever writes its id anew starts a new document, so the
 * old one is deleted first, in the same commit: what a change follower and a recovery count stays true.
 */
function withExpiredRemoved(write: PreparedWrite): readonly PreparedWrite[] {
  if (write.content === undefined || write.replaces !== undefined) return [write];
  const former = write.collection.newest(write.id);
  if (former === undefined || former.deleted) return [write];
  return [{ ...write, content: undefined, replaces: former }, write];
}

/** From now on the bodies are where they went to the disk from, outside of the heap; the texts are given up. */
function keepEncoded({ operations, encoded }: JournalEntry, steps: readonly Step[]): void {
  if (encoded === undefined) return;
  const { bytes } = encoded;
  const isAscii = encoded.length === operations.length;
  let text = 0;
  let at = encoded.start;
  for (const { version, bodyAt } of steps) {
    const { body } = version;
    if (typeof body !== "string") continue;
    at += isAscii ? bodyAt - text : Buffer.byteLength(operations.slice(text, bodyAt));
    const end = at + (isAscii ? body.length : Buffer.byteLength(body));
    version.body = new EncodedText(bytes, at, end);
    text = bodyAt + body.length;
    at = end;
  }
}

function versionOf(write: PreparedWrite, sequence: number, index: number, time: string): Version {
  const { content, replaces, id } = write;
  const revision = (replaces?.revision ?? 0) + 1;
  const origin = originOf(replaces);
  if (content === undefined) return tombstoneOf(origin, id, revision, sequence, time);
  return {
    id,
    deleted: false,
    revision,
    sequence,
    schemaVersion: content.schemaVersion,
    createdAt: origin?.createdAt ?? time,
    createdSequence: origin?.createdSequence ?? sequence,
    createdIndex: origin?.createdIndex ?? index,
    updatedAt: time,
    expiresAt: content.expiresAt,
    expiresAtMs: content.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(content.expiresAt),
    unknown: origin?.unknown,
    packed: undefined,
    bodyLength: content.body.length,
    body: content.body,
    keys: content.keys,
  };
}

/** The operation as the journal has it, up to its body, which goes in as the text it already is, and the last brace. */
function operationHead(collection: string, version: Version): string {
  const id = JSON.stringify(version.id);
  if (version.deleted) return `{"delete":"${collection}","id":${id},"revision":${version.revision}`;
  const expiry = version.expiresAt === undefined ? "" : `,"expiresAt":"${version.expiresAt}"`;
  const unknown = version.unknown === undefined ? "" : `,"unknown":${JSON.stringify(version.unknown)}`;
  return (
    `{"put":"${collection}","id":${id},"revision":${version.revision},"schemaVersion":${version.schemaVersion},` +
    `"createdAt":"${version.createdAt}","createdSequence":${version.createdSequence},"createdIndex":${version.createdIndex}` +
    `${expiry}${unknown},"body":`
  );
}
