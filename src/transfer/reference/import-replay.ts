import { isHoldfastError } from "../../errors.js";
import { orderKeyOf } from "../../surfaces/replay/order-key.js";
import { expiryKey, prepareRecord } from "../../surfaces/replay/prepare-record.js";
import { resolveOptions, type ReplaySettings } from "../../surfaces/replay/replay-options.js";
import type { ReplayRecordInput } from "../../surfaces/replay/replay-record.js";
import { Replay } from "../../surfaces/replay/replay.js";
import { longestLine } from "../check-export.js";
import { hashOfFile } from "../../files/hash-of-file.js";
import { alreadyExist } from "../import-export.js";
import { beginImport, endImport, isUnderWay } from "../../surfaces/imports/index.js";
import { ImportTally, type ImportOptions, type ImportReport, type ImportTarget } from "../import-options.js";
import { LineProblems } from "../line-problems.js";
import { jsonOf, linesOf } from "../lines.js";
import { uncopied } from "./copy-text.js";
import { recordOfRow } from "./replay-row.js";

/** Records on their way at the same time: the surface makes one commit of those that come together. */
const atOnce = 32;
const mostTakenListed = 100;
/** How `COPY` used to end, and still may. */
const endMark = "\\.";

/**
 * Brings the reference's router replay in, from rows of its table `router_replay_records` as JSON. Every row is checked
 * first, and nothing written; then each is added by the surface, which counts it. Text that a record has is kept whole.
 * Records that are older than records are kept here are counted as expired, and left out.
 *
 * @throws HoldfastError as {@link importExport}
 */
export async function importReplay(path: string, target: ImportTarget, options: ImportOptions): Promise<ImportReport> {
  return new ReplayImport(path, target, options).run();
}

class ReplayImport {
  readonly #path: string;
  readonly #target: ImportTarget;
  readonly #options: ImportOptions;
  readonly #settings: ReplaySettings;
  readonly #replay: Replay;
  readonly #tally = new ImportTally();
  readonly #seen = new Set<string>();
  readonly #taken: string[] = [];
  #takenCount = 0;
  #existing: ImportOptions["existing"];

  constructor(path: string, target: ImportTarget, options: ImportOptions) {
    this.#path = path;
    this.#target = target;
    this.#options = options;
    const given = { now: target.now, ...target.replay };
    this.#settings = resolveOptions(given);
    this.#replay = new Replay(target.store, given);
    this.#existing = options.existing;
  }

  async run(): Promise<ImportReport> {
    const { store, now } = this.#target;
    const { dryRun, fileSystem } = this.#options;
    const sha256 = await hashOfFile(fileSystem, this.#path);
    await this.#check();
    const resumed = await isUnderWay(store, sha256);
    if (this.#takenCount > 0 && this.#existing === "refuse" && !resumed) {
      throw alreadyExist({ count: this.#takenCount, first: this.#taken });
    }
    if (this.#existing === "refuse") this.#existing = "skip";
    if (!dryRun) await beginImport(store, sha256, now());
    let group: ReplayRecordInput[] = [];
    for await (const { record } of this.#records(new LineProblems())) {
      group.push(record);
      if (group.length < atOnce) continue;
      await this.#writeGroup(group);
      group = [];
    }
    await this.#writeGroup(group);
    if (!dryRun) await endImport(store, sha256);
    return this.#tally.report({ dryRun, resumed, sha256 });
  }

  async #check(): Promise<void> {
    const problems = new LineProblems();
    for await (const { number, record } of this.#records(problems)) {
      this.#options.onProgress?.({ stage: "checking", done: number });
      const { id } = record;
      if (id === undefined) {
        problems.add(number, "/id", "is required: by it the record is found again");
        continue;
      }
      if (this.#seen.has(id)) problems.add(number, "/id", "is in the file twice");
      this.#seen.add(id);
      try {
        if (!this.#isExpired(record)) prepareRecord({ record, policy: this.#wholePolicy }, this.#settings);
        if ((await this.#replay.get(id)) === undefined) continue;
      } catch (error) {
        problems.note(number, error);
        continue;
      }
      this.#takenCount += 1;
      if (this.#taken.length < mostTakenListed) this.#taken.push(`replay_records/${id}`);
    }
    problems.throwIfAny(this.#path);
  }

  async #writeGroup(group: readonly ReplayRecordInput[]): Promise<void> {
    const outcomes = await Promise.allSettled(group.map((record) => this.#write(record)));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    this.#options.onProgress?.({ stage: "writing", done: this.#tally.count, total: this.#seen.size });
  }

  async #write(record: ReplayRecordInput): Promise<void> {
    if (this.#isExpired(record)) {
      this.#tally.expired += 1;
      return;
    }
    const { id = "" } = record;
    const isThere = (await this.#replay.get(id)) !== undefined;
    if (isThere && this.#existing !== "replace") {
      this.#tally.skipped += 1;
      return;
    }
    if (!this.#options.dryRun) {
      // Cut short in between, the same import adds it.
      if (isThere) await this.#replay.delete(id);
      await this.#replay.add(record, { policy: this.#wholePolicy });
    }
    this.#tally.write("replay_records");
  }

  #isExpired({ timestamp }: ReplayRecordInput): boolean {
    const key = timestamp === undefined ? undefined : orderKeyOf(timestamp);
    return key !== undefined && key <= expiryKey(this.#settings);
  }

  /** The reference has cut its records when it made them: nothing more is to go. */
  get #wholePolicy(): {
    max_body_bytes: number;
    max_tool_trace_bytes: number;
    max_tool_trace_steps: number;
    max_record_bytes: number;
  } {
    const { maximumBodyBytes, maximumRecordBytes } = this.#settings.policyLimits;
    return {
      max_body_bytes: maximumBodyBytes,
      max_tool_trace_bytes: 0,
      max_tool_trace_steps: 0,
      max_record_bytes: maximumRecordBytes,
    };
  }

  async *#records(
    problems: LineProblems,
  ): AsyncGenerator<{ readonly number: number; readonly record: ReplayRecordInput }> {
    const lines = linesOf(this.#options.fileSystem, this.#path, longestLine(this.#options) * 2);
    for await (const { number, bytes } of lines) {
      const text = bytes.toString("utf8");
      if (text.trim() === "" || text === endMark) continue;
      const json = uncopied(text);
      if (json === undefined) {
        problems.add(
          number,
          "",
          "is not as COPY prints JSON, with every backslash doubled; get it with COPY (SELECT row_to_json(t) ...) TO STDOUT",
        );
        continue;
      }
      try {
        const row = jsonOf(Buffer.from(json));
        if (typeof row !== "object" || row === null || Array.isArray(row)) throw new TypeError("it is no object");
        yield { number, record: recordOfRow(row as Record<string, unknown>) };
      } catch (error) {
        if (isHoldfastError(error)) throw error;
        problems.note(number, error);
      }
    }
  }
}
