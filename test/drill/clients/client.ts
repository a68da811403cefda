import { setTimeout as sleep } from "node:timers/promises";
import type OpenAI from "openai";
import type { Ledger } from "../ledger.js";
import type { Random } from "../random.js";
import { CutOffError, type Service } from "../service.js";

/** Milliseconds a client thinks between two turns. */
const thinking = { least: 20, most: 180 };

/** What every client works with. */
export interface ClientTools {
  readonly name: string;
  readonly service: Service;
  readonly ledger: Ledger;
  readonly random: Random;
}

/** A user of the router, who goes on after each of its deaths as a user would. */
export abstract class Client {
  protected readonly name: string;
  protected readonly ledger: Ledger;
  protected readonly random: Random;
  readonly #service: Service;
  #turns = 0;

  constructor({ name, service, ledger, random }: ClientTools) {
    this.name = name;
    this.#service = service;
    this.ledger = ledger;
    this.random = random;
  }

  /** Takes turns until no more are wanted. */
  async run(): Promise<void> {
    for (;;) {
      const client = await this.#service.client();
      if (client === undefined) return;
      const before = this.ledger.acknowledgedTurns;
      try {
        await this.step(client);
        if (this.ledger.acknowledgedTurns > before) this.#service.onAnswer();
        await sleep(this.random.between(thinking.least, thinking.most));
      } catch (error) {
        if (!(error instanceof CutOffError)) throw new Error(`${this.name} was answered wrongly.`, { cause: error });
        // Until the next router is up, or this one is known to be gone.
        await sleep(thinking.least);
      }
    }
  }

  /** Finds out what became of a turn that was cut off. Called again until it succeeds. @throws CutOffError */
  abstract settle(client: OpenAI): Promise<void>;

  /** Proves, with one more turn, that the history is whole. @throws CutOffError */
  abstract prove(client: OpenAI): Promise<void>;

  /** One turn, after settling the last if need be. @throws CutOffError */
  protected abstract step(client: OpenAI): Promise<void>;

  /** What the user says next: never the same twice. */
  protected nextText(): string {
    this.#turns += 1;
    return `${this.name}, turn ${this.#turns}: ${Math.floor(this.random.next() * 1e9).toString(36)}`;
  }
}
