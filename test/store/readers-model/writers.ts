import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { OpenStateDirectoryOptions } from "../../../src/open-state-directory.js";
import type { RecoveryReport } from "../../../src/store/recovery-report.js";
import { StateProcess } from "../../support/state-process.js";
import type { StepWrite, Work } from "./steps.js";

const staleAfterMs = 250;
/** Segments and checkpoints come often, and nothing is removed that a follower may ask for. */
const settings: Omit<OpenStateDirectoryOptions, "directory" | "collections"> = {
  firstSegmentBytes: 16 * 1024,
  segmentBytes: 16 * 1024,
  checkpointBytes: 32 * 1024,
  checkpointIdleMs: 20,
  journalRetainBytes: 256 * 1024 * 1024,
  heartbeatMs: 20,
  staleAfterMs,
};

/** A write as an owner is told it. Without a text: a deletion. */
export interface ClientWrite {
  readonly id: string;
  readonly text?: string;
}

/** A transaction that was handed to an owner. Times are counted in steps of the test, not in milliseconds. */
export interface Submitted {
  readonly client: string;
  readonly number: number;
  readonly writes: readonly ClientWrite[];
  readonly submittedAt: number;
}

/** The processes that own the directory one after the other, and what they were given to do. */
export class Writers implements AsyncDisposable {
  readonly #directory: string;
  readonly #all: StateProcess[] = [];
  #owner: StateProcess | undefined;
  /** Paused owners, each with the work that it was in the middle of. */
  #displaced: { readonly former: StateProcess; readonly cutShort: Promise<void> }[] = [];
  #displacesOwners = false;
  #inFlight: Promise<void> = Promise.resolve();
  #numbers = 0;
  #now = 0;
  readonly submitted: Submitted[] = [];
  /** When an acknowledgment was there, by client and number. */
  readonly acknowledged = new Map<string, number>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string): Promise<Writers> {
    const writers = new Writers(directory);
    await writers.#open();
    return writers;
  }

  async work(work: Work, inFlight: boolean): Promise<void> {
    // A process takes one command after the other, and says of each only what it was: one at a time.
    await this.settle();
    this.#inFlight = this.#submit(this.#current(), work);
    // What it rejects with is told where it is waited for.
    this.#inFlight.catch(() => undefined);
    if (!inFlight) await this.settle();
  }

  /** Waits until all work is done. */
  async settle(): Promise<void> {
    await this.#inFlight;
    this.#noteAcknowledgments();
  }

  async checkpoint(): Promise<void> {
    await this.#current().do({ checkpoint: true });
  }

  async reopen(): Promise<void> {
    await this.settle();
    await this.#current().do({ close: true });
    await this.#open(this.#current());
  }

  async kill(work: Work, afterMs: number): Promise<void> {
    const owner = this.#current();
    await this.settle();
    // It ends with the process.
    const cutShort = this.#submit(owner, work).catch(() => undefined);
    await delay(afterMs);
    await owner.kill();
    await cutShort;
    this.#noteAcknowledgments();
    await this.#open();
  }

  /** The owner is paused in the middle of its work, and another takes the directory over while it lives. */
  async displace(work: Work, afterMs: number): Promise<void> {
    const owner = this.#current();
    await this.settle();
    const cutShort = this.#submit(owner, work);
    // Where it is waited for it is told; a run that has failed by then ends the process.
    cutShort.catch(() => undefined);
    await delay(afterMs);
    owner.pause();
    this.#displacesOwners = true;
    this.#displaced.push({ former: owner, cutShort });
    await delay(staleAfterMs * 2);
    await this.#open();
  }

  /** Has the owners that were displaced go on. None of them may acknowledge anything that it is given now. */
  async resume(): Promise<void> {
    for (const { former, cutShort } of this.#displaced) {
      former.resume();
      await cutShort;
      const before = this.#numbers;
      await this.#submit(former, [[[{ id: "a", text: "too late" }]], [[]], [[{ id: "b" }]]]);
      const late = former.events.filter(({ id }) => Number(id?.split(" ")[1]) > before);
      expect(late.map(({ event, code }) => [event, code])).toEqual(late.map(() => ["rejected", "WRITER_FENCED"]));
      expect(late).toHaveLength(3);
      expect(former.events.map(({ condition }) => condition)).toContain("fenced");
      expect(await former.tell({ checkpoint: true })).toMatchObject({ event: "failed", code: "WRITER_FENCED" });
      await former.do({ close: true });
    }
    this.#displaced = [];
    this.#noteAcknowledgments();
  }

  /** Ends all work; what was displaced has to learn of it. */
  async close(): Promise<void> {
    await this.settle();
    await this.resume();
    await this.#current().do({ close: true });
  }

  /** What the opening after any of this may tell: everything is there. */
  expectRecovered(recovery: RecoveryReport | undefined): void {
    expect(recovery).toMatchObject({ lostDocuments: [], lostSequences: [] });
    // What an owner was at when it was paused it ends when it goes on: that may give one more segment its name, which the
    // next recovery sets aside and tells.
    expect(recovery?.damage.filter((one) => !this.#displacesOwners || one.kind !== "foreign")).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#all) await process[Symbol.asyncDispose]();
  }

  #current(): StateProcess {
    if (this.#owner === undefined) throw new Error("there is no owner");
    return this.#owner;
  }

  async #open(process?: StateProcess): Promise<void> {
    const owner = process ?? (await StateProcess.start());
    if (process === undefined) this.#all.push(owner);
    const { recovery } = await owner.do({ open: { directory: this.#directory, ...settings, takeOver: "paused" } });
    this.expectRecovered(recovery);
    this.#owner = owner;
  }

  async #submit(process: StateProcess, work: Work): Promise<void> {
    this.#noteAcknowledgments();
    this.#now += 1;
    const submittedAt = this.#now;
    const told = work.map((transactions, index) => {
      const client = `client${index}`;
      const numbered = transactions.map((writes) => {
        this.#numbers += 1;
        const number = this.#numbers;
        // Each client has documents of its own.
        const own = writes.map((write) => ownWrite(client, write));
        this.submitted.push({ client, number, writes: own, submittedAt });
        return { number, writes: own };
      });
      return { name: client, transactions: numbered };
    });
    await process.tell({ clients: told });
  }

  #noteAcknowledgments(): void {
    this.#now += 1;
    for (const id of this.#all.flatMap(({ acknowledged }) => acknowledged))
      if (!this.acknowledged.has(id)) this.acknowledged.set(id, this.#now);
  }
}

function ownWrite(client: string, { id, text, length = 0 }: StepWrite): ClientWrite {
  return { id: `${client}-${id}`, ...(text === undefined ? {} : { text: text.padEnd(length, "x") }) };
}
