import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import type { Ledger } from "../ledger.js";
import type { Random } from "../random.js";
import { CutOffError, type Service } from "../service.js";

/** Milliseconds a client thinks between two steps. */
const thinking = { least: 20, most: 180 };

/** What every client works with. */
export interface ClientTools {
  readonly name: string;
  readonly service: Service;
  readonly ledger: Ledger;
  readonly random: Random;
}

/** What matters of an error reply. */
interface Refusal {
  readonly status: number;
  readonly code: string | null | undefined;
  readonly message: string;
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

  /** Goes on until no more is wanted. */
  async run(): Promise<void> {
    for (;;) {
      const client = await this.#service.client();
      if (client === undefined) return;
      const before = this.ledger.acknowledgements;
      try {
        await this.step(client);
        if (this.ledger.acknowledgements > before) this.#service.onAnswer();
        await sleep(this.random.between(thinking.least, thinking.most));
      } catch (error) {
        if (error instanceof OpenAI.APIError && error.status !== undefined) this.#refused(error as Refusal);
        else if (!(error instanceof CutOffError)) throw error;
        // Until the next router is up, or this one is known to be gone.
        await sleep(thinking.least);
      }
    }
  }

  /** Finds out what became of whatever was cut off. Called again until it succeeds. @throws CutOffError */
  abstract settle(client: OpenAI): Promise<void>;

  /** Proves, by going on from it once more, that what there is is whole. @throws CutOffError */
  abstract prove(client: OpenAI): Promise<void>;

  /** One turn or operation, after settling the last if need be. @throws CutOffError */
  protected abstract step(client: OpenAI): Promise<void>;

  /** Leaves everything behind that a step could be about, after one that should not have been refused was. */
  protected abstract beginAnew(): void;

  #refused({ status, code, message }: Refusal): void {
    // Nobody but the router itself can have lost what this client is sure of.
    if (status === 404 || code === "previous_response_not_found") this.ledger.lose(`${this.name} was told: ${message}`);
    else this.ledger.fault(`${this.name} was refused: ${message}`);
    this.beginAnew();
  }

  /** What the user says next: never the same twice. */
  protected nextText(): string {
    this.#turns += 1;
    return `${this.name}, turn ${this.#turns}: ${Math.floor(this.random.next() * 1e9).toString(36)}`;
  }
}
