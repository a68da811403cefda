import { openStateDirectory, type StateDirectory } from "holdfast";
import { readdir } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { verifyStateDirectory } from "../crash/product.js";
import { count, Times } from "../drill/figures.js";
import { Random } from "../drill/random.js";
import { accountOf } from "./account.js";
import { ownCollections } from "./collections.js";
import { Judge } from "./judge.js";
import { planRound, type PlannedDeath, type RoundPlan } from "./plan.js";
import type { Assignment, EventName } from "./telling.js";
import { WriterProcess } from "./writer-process.js";

/** How long, at most, a writer lives after it has told this, in milliseconds. */
const longestMs: Partial<Record<EventName, number>> = { opened: 40, account: 60, checkpointing: 15, closing: 25 };
/** A kill within an opening comes at any time up to so many times what an opening usually takes. */
const openingSpan = 1.3;
const roundsPerVerification = 20;
const contenderWaitMs = 120_000;
const readerPatienceMs = 60_000;

export interface KillFigures {
  rounds: number;
  kills: number;
  verifications: number;
  /** By the last thing that a killed writer had told. */
  readonly deaths: Map<string, number>;
  readonly firstAcknowledgments: Times;
  /** The packs that the dead left, each counted once. */
  readonly packs: Set<string>;
}

/** Opens, writes, kills and checks, over and over, on one directory. */
export class KillLoop {
  readonly judge = new Judge();
  readonly figures: KillFigures = {
    rounds: 0,
    kills: 0,
    verifications: 0,
    deaths: new Map(),
    firstAcknowledgments: new Times(),
    packs: new Set(),
  };
  readonly #directory: string;
  readonly #random: Random;
  readonly #living = new Set<WriterProcess>();
  #lives = 0;
  #usualOpeningMs = 100;

  constructor(directory: string, seed: number) {
    this.#directory = directory;
    this.#random = new Random(seed);
  }

  /** Runs so many rounds, or as many as it takes to find something. Leaves no process behind. */
  async run(rounds: number, onRound: (round: number) => void): Promise<void> {
    try {
      for (let round = 1; round <= rounds && !this.judge.findings.any; round += 1) {
        await this.#round(planRound(this.#random));
        this.figures.rounds = round;
        if (round % roundsPerVerification === 0) await this.#verify();
        onRound(round);
      }
      if (this.judge.findings.any) return;
      // What the last round left is checked by one that ends in order, and that one by a reader.
      await this.#alone("close", undefined, Math.floor(this.#random.between(0, 2 ** 32)));
      await this.#look();
      await this.#verify();
    } finally {
      await Promise.all([...this.#living].map((writer) => writer.kill()));
    }
  }

  async #round(plan: RoundPlan): Promise<void> {
    const [seed = 0, ...contenderSeeds] = plan.writerSeeds;
    if (plan.kind === "contenders") await this.#contend(plan, seed, contenderSeeds);
    else await this.#alone(plan.assignment, plan.death, seed);
    if (!this.judge.findings.any && this.#lives > 1) await this.#look();
  }

  async #alone(assignment: Assignment, death: PlannedDeath | undefined, seed: number): Promise<void> {
    const writer = this.#start(seed, assignment, 0);
    if (death === undefined) await writer.ended;
    else await this.#killAt(writer, death);
    this.#bury(writer, true);
  }

  /** Two wait for the directory while another has it; each in turn gets it when the one before is killed. */
  async #contend(plan: RoundPlan, seed: number, contenderSeeds: readonly number[]): Promise<void> {
    const holder = this.#start(seed, plan.assignment, 0);
    await holder.reaches("account");
    const told = holder.heard.find((telling) => telling.event === "account")?.account.sequence;
    const waiting = new Set(contenderSeeds.map((given) => this.#start(given, "work", contenderWaitMs, told)));
    await Promise.all([...waiting].map((writer) => writer.reaches("opening")));
    if (plan.death !== undefined) await this.#killAt(holder, plan.death);
    this.#bury(holder, true);
    if (plan.killsWaiting) {
      const [first] = waiting;
      if (first !== undefined) {
        waiting.delete(first);
        await this.#killAt(first, { after: "opening", share: 0 });
        this.#bury(first, false);
      }
    }
    for (const death of plan.contenders) {
      if (waiting.size === 0) break;
      const owner = await Promise.race(
        [...waiting].map(async (writer) => {
          await writer.reaches("opened");
          return writer;
        }),
      );
      waiting.delete(owner);
      await this.#killAt(owner, death);
      this.#bury(owner, false);
    }
  }

  #start(seed: number, assignment: Assignment, waitMs: number, since = this.judge.history.accountedFor): WriterProcess {
    this.#lives += 1;
    const writer = new WriterProcess({
      directory: this.#directory,
      life: this.#lives,
      seed,
      since,
      waitMs,
      assignment,
    });
    this.#living.add(writer);
    return writer;
  }

  async #killAt(writer: WriterProcess, { after, share }: PlannedDeath): Promise<void> {
    if (await writer.reaches(after)) await setTimeout(share * (longestMs[after] ?? this.#usualOpeningMs * openingSpan));
    if (!writer.hasEnded) {
      this.figures.kills += 1;
      await writer.kill();
      count(this.figures.deaths, lastStage(writer));
    }
  }

  /** @param isTimed whether nothing but its own start kept it from its first acknowledgment. */
  #bury(writer: WriterProcess, isTimed: boolean): void {
    this.#living.delete(writer);
    this.judge.hear(writer);
    if (!isTimed) return;
    if (writer.firstAcknowledgmentMs !== undefined) this.figures.firstAcknowledgments.add(writer.firstAcknowledgmentMs);
    const opened = writer.heard.find((telling) => telling.event === "opened");
    if (opened !== undefined) this.#usualOpeningMs = 0.9 * this.#usualOpeningMs + 0.1 * opened.tookMs;
  }

  /** Looks at what the dead have left, as a reader does, before a next owner puts it in order. */
  async #look(): Promise<void> {
    const { history, findings } = this.judge;
    for (const path of await readdir(this.#directory, { recursive: true }))
      if (path.endsWith(".pack")) this.figures.packs.add(path);
    try {
      await using reader = await openStateDirectory({
        directory: this.#directory,
        mode: "reader",
        collections: ownCollections,
      });
      if (!(await comesTo(reader, this.judge.newestAcknowledged))) {
        const { newestAcknowledged } = this.judge;
        findings.lost.push(
          `commit ${newestAcknowledged} was acknowledged; a reader gets to ${reader.lastSequence} only`,
        );
      }
      this.judge.hearReader(await accountOf(reader, history.accountedFor));
    } catch (error) {
      if (history.accountedFor > 0) findings.wrong.push(`a reader can not read the directory: ${String(error)}`);
    }
  }

  async #verify(): Promise<void> {
    this.figures.verifications += 1;
    const { findings } = await verifyStateDirectory(this.#directory);
    for (const finding of findings) {
      if (finding.severity === "damage") this.judge.findings.wrong.push(`verification: ${JSON.stringify(finding)}`);
    }
  }
}

/** A reader may need a moment to see that nobody will say any more that the last commits are durable. */
async function comesTo(reader: StateDirectory, sequence: number): Promise<boolean> {
  const until = performance.now() + readerPatienceMs;
  while (reader.lastSequence < sequence) {
    if (performance.now() > until) return false;
    await setTimeout(10);
  }
  return true;
}

function lastStage({ heard }: WriterProcess): string {
  const stages: readonly EventName[] = [
    "opening",
    "opened",
    "account",
    "checkpointing",
    "checkpointed",
    "closing",
    "closed",
  ];
  return heard.findLast(({ event }) => stages.includes(event))?.event ?? "started";
}
