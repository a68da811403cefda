import type OpenAI from "openai";
import type { Ledger } from "../ledger.js";
import type { Random } from "../random.js";
import { CutOffError } from "../service.js";
import { checkFile, checkFileAbsent } from "./check-files.js";
import { checkAbsent, checkResponse } from "./check-history.js";
import { checkRecord } from "./check-record.js";

/** Of each kind, how many of earlier lives are read back after a restart. */
const counts = { responses: 10, records: 10, files: 5, absent: 2 };

/** Reads back after each restart what the last life has left, and some of what is older. */
export class Sample {
  readonly #ledger: Ledger;
  readonly #random: Random;
  /** Responses that have been read back at least once. */
  readonly #responses = new Set<string>();
  /** Records of turns that were cut off, read back at least once. */
  readonly #records = new Set<string>();

  constructor(ledger: Ledger, random: Random) {
    this.#ledger = ledger;
    this.#random = random;
  }

  /** To be called as soon as a router is ready; it reads while the clients go on, until it is done or the router gone. */
  async check(client: OpenAI): Promise<void> {
    // What is cut off by now was so in an earlier life, whatever the clients of this one lose while they are asked.
    const cutOff = [...this.#ledger.records.turns]
      .filter(([id, { outcome }]) => outcome === "cut off" && !this.#records.has(id))
      .map(([id]) => id);
    try {
      await this.#checkRecords(client, cutOff);
      await this.#checkResponses(client);
      await this.#checkFiles(client);
    } catch (error) {
      // The next life goes on with it.
      if (!(error instanceof CutOffError)) throw error;
    }
  }

  async #checkRecords(client: OpenAI, cutOff: readonly string[]): Promise<void> {
    for (const id of cutOff) {
      await checkRecord(client, this.#ledger, id);
      this.#records.add(id);
    }
    const turns = [...this.#ledger.records.turns];
    const ended = turns.filter(([, { outcome }]) => typeof outcome !== "string").map(([id]) => id);
    for (const id of this.#random.sample(ended, counts.records)) await checkRecord(client, this.#ledger, id);
  }

  async #checkResponses(client: OpenAI): Promise<void> {
    const responses = [...this.#ledger.responses.keys()];
    const fresh = responses.filter((id) => !this.#responses.has(id));
    for (const id of [...fresh, ...this.#random.sample(responses, counts.responses)]) {
      await checkResponse(client, this.#ledger, id);
      this.#responses.add(id);
    }
    for (const id of this.#random.sample([...this.#ledger.absent.keys()], counts.absent)) {
      await checkAbsent(client, this.#ledger, id);
    }
  }

  async #checkFiles(client: OpenAI): Promise<void> {
    for (const id of this.#random.sample([...this.#ledger.files.keys()], counts.files)) {
      await checkFile(client, this.#ledger, id);
    }
    for (const id of this.#random.sample([...this.#ledger.absentFiles], counts.absent)) {
      await checkFileAbsent(client, this.#ledger, id);
    }
  }
}
