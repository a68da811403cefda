import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { RecoveryReport } from "holdfast";
import { count, Times } from "../drill/figures.js";
import { Random } from "../drill/random.js";
import { Findings } from "../kill/findings.js";
import { DocumentLedger } from "./document-ledger.js";
import { Measurements, type Phase } from "./figures/measurements.js";
import { commitsUntilFull } from "./figures/figure.js";
import { sizeOfState } from "./figures/state-size.js";
import type { MeasuredChild } from "./processes/measured-child.js";
import { ServiceOwner, WriterOwner } from "./processes/owner.js";
import { Reader } from "./processes/reader.js";
import { Watcher } from "./processes/watcher.js";
import { planOf, type SoakPlan } from "./plan.js";
import { Traffic } from "./traffic/traffic.js";

const cli = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
/** Services and writers take turns, but so much of all lives is followed by one of its own kind. */
const sameKindShare = 0.25;

/** Traffic for a given time on one state directory, by processes that are killed and one that is not. */
export class Soak {
  readonly findings = new Findings();
  readonly measurements = new Measurements();
  readonly documents = new DocumentLedger(this.findings);
  readonly traffic: Traffic;
  readonly toStart = new Times();
  readonly recoveries = new Map<string, number>();
  readonly lives = { service: 0, writer: 0 };
  readonly minutes: number;
  readonly seed: number;
  /** Every pack that was there when somebody looked: how many have been written is this many, or more. */
  readonly packNames = new Set<string>();
  kills = 0;
  reader: Reader | undefined;
  watcher: Watcher | undefined;
  readonly #plan: SoakPlan;
  readonly #directory: string;
  readonly #random: Random;
  readonly #onProgress: (text: string) => void;
  #owner: ServiceOwner | WriterOwner | undefined;
  #phase: Phase = "killing";
  #isSampling = true;
  /** Over HTTP, when the service began that is not disturbed. */
  #acknowledgedBefore = 0;

  /** @param directory must not exist yet. */
  constructor(minutes: number, seed: number, directory: string, onProgress: (text: string) => void) {
    this.minutes = minutes;
    this.seed = seed;
    this.#plan = planOf(minutes);
    this.#directory = directory;
    this.#random = new Random(seed);
    this.traffic = new Traffic(seed, this.findings);
    this.#onProgress = onProgress;
  }

  /** @throws Error if a process fails in a way that is no answer to "is it there". */
  async run(): Promise<void> {
    try {
      const traffic = this.traffic.run();
      // Whatever goes wrong with the traffic ends the run at once.
      await Promise.race([this.#run(), traffic.then(() => new Promise<never>(() => undefined))]);
      await traffic;
    } finally {
      this.#isSampling = false;
      // A run that fails must not leave processes behind.
      for (const child of [this.#owner?.child, this.reader?.child, this.watcher?.child]) child?.end();
    }
  }

  async #run(): Promise<void> {
    const first = await this.#startService();
    const reader = (this.reader = new Reader(this.#directory, this.findings));
    await reader.opened();
    const watcher = (this.watcher = new Watcher(this.#directory));
    const sampling = this.#sample(reader, watcher);
    await Promise.race([
      this.#phases(first, reader, watcher),
      sampling.then(() => new Promise<never>(() => undefined)),
    ]);
    this.#isSampling = false;
    await sampling;
    await this.#conclude(reader, watcher);
  }

  async #phases(first: ServiceOwner, reader: Reader, watcher: Watcher): Promise<void> {
    const until = Date.now() + this.#plan.killingMs;
    let owner: ServiceOwner | WriterOwner = first;
    do {
      await this.#liveAndDie(owner, watcher);
      const isServiceNext: boolean = (owner.kind === "writer") !== this.#random.chance(sameKindShare);
      owner = isServiceNext ? await this.#startService() : await this.#startWriter(reader);
    } while (Date.now() < until);
    await this.#liveAndDie(owner, watcher);

    const service = await this.#startService();
    this.#phase = "undisturbed";
    this.#acknowledgedBefore = this.traffic.acknowledged;
    this.#onProgress(`undisturbed from now on, after ${this.kills} kills`);
    const end = Date.now() + this.#plan.undisturbedMs;
    while (Date.now() < end) {
      await sleep(Math.min(60_000, end - Date.now()));
      this.#tell();
    }
    this.#isSampling = false;
    await this.#kill(service, watcher);
  }

  /** Lets a process live for a while, measures it at a certain age, and kills it. */
  async #liveAndDie(owner: ServiceOwner | WriterOwner, watcher: Watcher): Promise<void> {
    const { life, measuredAtAgeMs } = this.#plan;
    const lifeMs = this.#random.between(life.shortestMs, life.longestMs);
    await sleep(measuredAtAgeMs);
    const vitals = await owner.child.measure();
    const subject = `${owner.kind}, ${Number((measuredAtAgeMs / 1000).toFixed(1))} s after each start`;
    // At this age none has filled up what it keeps: each is as far as the others.
    if (vitals !== undefined) this.measurements.addVitals("killing", subject, vitals, true);
    await sleep(lifeMs - measuredAtAgeMs);
    await this.#kill(owner, watcher);
    this.#tell();
  }

  async #kill(owner: ServiceOwner | WriterOwner, watcher: Watcher): Promise<void> {
    await owner.child.kill();
    this.#owner = undefined;
    this.kills += 1;
    await this.traffic.interrupted();
    await watcher.seesDeath();
  }

  async #startService(check: "sample" | "all" = "sample"): Promise<ServiceOwner> {
    const service = new ServiceOwner(this.#directory);
    this.#owner = service;
    const { recovery, port, pid } = await service.started();
    await this.#noteStart(service, recovery);
    if (check === "all") await this.traffic.checkAll(port);
    else await this.traffic.begin(port);
    await this.watcher?.seesReady(pid);
    return service;
  }

  async #startWriter(reader: Reader): Promise<WriterOwner> {
    const life = this.lives.writer + 1;
    const seed = Math.floor(this.#random.between(0, 2 ** 32));
    const writer = new WriterOwner(this.#directory, life, seed, (telling) => {
      this.documents.hear(telling);
    });
    this.#owner = writer;
    const { recovery } = await writer.started();
    await this.#noteStart(writer, recovery);
    // Nobody writes now: what stands there is what the last writer left.
    await this.#checkDocuments(reader, recovery.lastSequence);
    writer.goOn();
    return writer;
  }

  async #noteStart({ kind, child }: ServiceOwner | WriterOwner, recovery: RecoveryReport): Promise<void> {
    this.lives[kind] += 1;
    this.toStart.add(Date.now() - child.startedAt);
    count(this.recoveries, recovery.outcome);
    if (recovery.outcome === "degraded")
      this.findings.lost.push("a recovery reported that acknowledged data is missing");
    if (kind === "service" && this.reader !== undefined) await this.#checkDocuments(this.reader, recovery.lastSequence);
  }

  async #checkDocuments(reader: Reader, sequence: number): Promise<void> {
    const names = this.documents.questions();
    const digests = await reader.read(names, sequence);
    if (digests === undefined) this.findings.wrong.push(`the reader has not come to see commit ${sequence}`);
    else this.documents.compare(names, digests);
  }

  async #sample(reader: Reader, watcher: Watcher): Promise<void> {
    while (this.#isSampling) {
      const began = Date.now();
      await this.#measure(watcher.child, true);
      await this.#measure(reader.child, (reader.news?.changes ?? 0) >= commitsUntilFull);
      if (this.#phase === "undisturbed" && this.#owner !== undefined) {
        await this.#measure(
          this.#owner.child,
          this.traffic.acknowledged - this.#acknowledgedBefore >= commitsUntilFull,
        );
      }
      const size = await sizeOfState(this.#directory);
      for (const name of size.packNames) this.packNames.add(name);
      this.measurements.addState(this.#phase, size, reader.news?.documents ?? 0, this.traffic.hasBeenFull);
      await sleep(Math.max(0, this.#plan.sampleMs - (Date.now() - began)));
    }
  }

  async #measure(child: MeasuredChild, isFull: boolean): Promise<void> {
    const phase = this.#phase;
    const vitals = await child.measure();
    if (vitals !== undefined) this.measurements.addVitals(phase, child.name, vitals, isFull);
  }

  /** All is checked by a last service, which then ends in order; and the directory by `holdfast verify`. */
  async #conclude(reader: Reader, watcher: Watcher): Promise<void> {
    const last = await this.#startService("all");
    this.traffic.stop();
    await last.child.stop();
    await reader.child.stop();
    await watcher.child.stop();
    try {
      await promisify(execFile)(process.execPath, [cli, "verify", "--directory", this.#directory]);
    } catch (error) {
      this.findings.wrong.push(`holdfast verify finds fault: ${String((error as { stdout?: unknown }).stdout)}`);
    }
  }

  #tell(): void {
    const { lost, wrong } = this.findings;
    const acknowledged = this.traffic.acknowledged + this.documents.acknowledged;
    this.#onProgress(`${this.kills} kills, ${acknowledged} acknowledged, ${lost.length} lost, ${wrong.length} wrong`);
  }
}
