import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { Random } from "../../drill/random.js";
import { CutOffError, Service } from "../../drill/service.js";
import type { Findings } from "../../kill/findings.js";
import { browse } from "./browse.js";
import { conversations } from "./conversations.js";
import { files } from "./files.js";
import type { Kind } from "./kind.js";
import { Population } from "./population.js";
import { replayRecords } from "./replay-records.js";
import { responses } from "./responses.js";
import { VectorStoreKind } from "./vector-stores.js";

/** Between two steps of one worker, in milliseconds: the machine is to be busy, and not to starve. */
const longestPauseMs = 30;
/** So many of each kind are read after each start; at the end all. */
const sampleSize = 12;

/** Everything that is done over HTTP, one worker for each kind of thing and one that lists. */
export class Traffic {
  readonly populations: readonly Population<unknown>[];
  requests = 0;
  lists = 0;
  readonly #service = new Service();
  readonly #random: Random;
  #busy = 0;

  constructor(seed: number, findings: Findings) {
    this.#random = new Random(seed);
    const kinds = [responses, conversations, files, new VectorStoreKind(), replayRecords] as Kind<unknown>[];
    this.populations = kinds.map((kind, index) => new Population(kind, new Random(seed + 1 + index), findings));
  }

  get acknowledged(): number {
    return this.populations.reduce((sum, population) => sum + population.acknowledged, 0);
  }

  get checks(): number {
    return this.populations.reduce((sum, population) => sum + population.checks, 0);
  }

  /** Whether there was as much of each kind, and of what removals leave, at some time, as there may be. */
  get hasBeenFull(): boolean {
    return this.populations.every((population) => population.hasBeenFull && population.hasUsedEveryKey);
  }

  /** Works whenever there is a service, until {@link stop}. */
  async run(): Promise<void> {
    await Promise.all([
      ...this.populations.map((population) =>
        this.#work((client) => (population.isInDoubt ? Promise.resolve() : population.step(client))),
      ),
      this.#work(async (client) => {
        this.lists += 1;
        await browse(client, this.lists);
      }),
    ]);
  }

  /** A service serves: what the end of the one before cut off is settled, a sample is checked, and then work goes on. */
  async begin(port: number): Promise<void> {
    await this.#check(port, sampleSize);
    this.#service.up(port);
  }

  /** The service is gone. Resolves when every worker has noticed. */
  async interrupted(): Promise<void> {
    this.#service.down();
    while (this.#busy > 0) await sleep(5);
  }

  /** Checks all that there is, at a service that nobody works with. */
  async checkAll(port: number): Promise<void> {
    await this.#check(port, Infinity);
  }

  stop(): void {
    this.#service.stop();
  }

  async #check(port: number, most: number): Promise<void> {
    const baseURL = `http://127.0.0.1:${port}/v1`;
    const client = new OpenAI({ baseURL, apiKey: "soak", maxRetries: 0, timeout: 30_000 });
    for (const population of this.populations) {
      await population.settle(client);
      await population.check(client, most);
    }
  }

  async #work(step: (client: OpenAI) => Promise<void>): Promise<void> {
    for (;;) {
      const client = await this.#service.client();
      if (client === undefined) return;
      this.#busy += 1;
      try {
        await step(client);
        this.requests += 1;
      } catch (error) {
        if (!(error instanceof CutOffError)) throw error;
      } finally {
        this.#busy -= 1;
      }
      await sleep(this.#random.between(0, longestPauseMs));
    }
  }
}
