import type OpenAI from "openai";
import type { ChatMessage } from "../../../examples/router/upstream/local-answer.js";
import type { Response } from "../ledger.js";
import { readInput, readResponse } from "../readings/read-history.js";
import { expectedAnswer, takeTurn, textOfResponse, UnresolvedTurn } from "../turn.js";
import { Client } from "./client.js";

/** A turn of a chain that is known to have taken place, and everything said up to it. */
interface Link {
  readonly id: string;
  readonly history: readonly ChatMessage[];
}

interface PendingTurn {
  readonly text: string;
  readonly after: Link | undefined;
  readonly id: string;
}

/** Chains begin anew after so many turns. */
const longestChain = 25;

/** Chains its turns by `previous_response_id`, at times from an earlier turn, every other turn as a stream. */
export class ChainClient extends Client {
  #chain: Link[] = [];
  #pending: PendingTurn | undefined;

  override async settle(client: OpenAI): Promise<void> {
    if (this.#pending === undefined) return;
    const { id, text, after } = this.#pending;
    const found = await readResponse(client, id);
    if (found === undefined) {
      this.ledger.cutOff.foundAbsent += 1;
    } else {
      const input = await readInput(client, id);
      this.ledger.expectEqual(
        `the input of ${id}, whose turn was cut off`,
        input.map((message) => message.text),
        [text],
      );
      this.ledger.expectEqual(`the status of ${id}, whose turn was cut off`, found.status, "completed");
      this.ledger.cutOff.foundWhole += 1;
      this.#accept(found, text, after);
    }
    this.#pending = undefined;
  }

  override async prove(client: OpenAI): Promise<void> {
    await this.#takeTurn(client, this.#chain.at(-1));
  }

  protected override async step(client: OpenAI): Promise<void> {
    await this.settle(client);
    if (this.#chain.length >= longestChain) this.#chain = [];
    const [earlier] = this.random.chance(0.1) ? this.random.sample(this.#chain, 1) : [];
    await this.#takeTurn(client, earlier ?? this.#chain.at(-1));
  }

  protected override beginAnew(): void {
    this.#chain = [];
    this.#pending = undefined;
  }

  async #takeTurn(client: OpenAI, after: Link | undefined): Promise<void> {
    const text = this.nextText();
    const outcome = await takeTurn(client, this.ledger, {
      text,
      stream: this.random.chance(0.5),
      ...(after === undefined ? {} : { previous_response_id: after.id }),
    });
    if (!(outcome instanceof UnresolvedTurn)) this.#accept(outcome, text, after);
    else if (outcome.id !== undefined) this.#pending = { id: outcome.id, text, after };
    // Without an id there is nothing to ask for: the turn is a branch nobody knows of, or nothing.
    else this.ledger.cutOff.unknown += 1;
  }

  #accept(response: Response, text: string, after: Link | undefined): void {
    const history = after?.history ?? [];
    const answer = expectedAnswer(history, text);
    this.ledger.expectEqual(`the answer of ${response.id} to its history`, textOfResponse(response), answer);
    this.ledger.expectEqual(`the predecessor of ${response.id}`, response.previous_response_id, after?.id ?? null);
    this.ledger.acknowledge(response, text);
    const said: ChatMessage[] = [
      { role: "user", content: text },
      { role: "assistant", content: answer },
    ];
    this.#chain.push({ id: response.id, history: [...history, ...said] });
  }
}
