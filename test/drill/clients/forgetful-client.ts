import OpenAI from "openai";
import { checkAbsent } from "../checks/check-history.js";
import { request } from "../service.js";
import { expectedAnswer, takeTurn, textOfResponse, UnresolvedTurn } from "../turn.js";
import { Client } from "./client.js";

/** Wants nothing kept: it says `store: false`, or deletes what was stored. */
export class ForgetfulClient extends Client {
  /** A deletion that was not acknowledged: either way is right, until it was looked at. */
  #pendingDeletion: string | undefined;

  override async settle(client: OpenAI): Promise<void> {
    const id = this.#pendingDeletion;
    if (id === undefined) return;
    await this.#delete(client, id);
    this.#pendingDeletion = undefined;
  }

  override prove(): Promise<void> {
    return Promise.resolve();
  }

  protected override async step(client: OpenAI): Promise<void> {
    await this.settle(client);
    const text = this.nextText();
    const store = this.random.chance(0.4);
    const outcome = await takeTurn(client, this.ledger, { text, stream: this.random.chance(0.5), store });
    if (!store) this.#expectNothingKept(outcome.id);
    if (outcome instanceof UnresolvedTurn) {
      this.ledger.cutOff.unknown += 1;
      return;
    }
    this.ledger.expectEqual(`the answer of ${outcome.id}`, textOfResponse(outcome), expectedAnswer([], text));
    if (store) await this.#delete(client, outcome.id);
    else if (this.random.chance(0.3)) await checkAbsent(client, this.ledger, outcome.id);
  }

  protected override beginAnew(): void {
    this.#pendingDeletion = undefined;
  }

  async #delete(client: OpenAI, id: string): Promise<void> {
    const wasCutOff = this.#pendingDeletion === id;
    this.#pendingDeletion = id;
    try {
      await request(() => client.responses.delete(id));
    } catch (error) {
      if (!(error instanceof OpenAI.NotFoundError)) throw error;
      // A deletion that was cut off may have taken place; the first one must find what was acknowledged.
      if (!wasCutOff) this.ledger.lose(`the acknowledged response ${id} is not there to be deleted`);
    }
    this.#pendingDeletion = undefined;
    this.ledger.absent.set(id, "it was deleted");
  }

  #expectNothingKept(id: string | undefined): void {
    if (id !== undefined) this.ledger.absent.set(id, "it was made with store: false");
  }
}
