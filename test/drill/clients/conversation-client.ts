import type OpenAI from "openai";
import type { AcknowledgedConversation, ExpectedMessage, Response } from "../ledger.js";
import { expectMessages, readConversation, readResponse } from "../readings/read-history.js";
import { CutOffError, request } from "../service.js";
import { expectedAnswer, takeTurn, textOfResponse, UnresolvedTurn } from "../turn.js";
import { Client } from "./client.js";

/** What was sent and not acknowledged: all of it may stand in the conversation, or none. */
interface PendingMessages {
  readonly messages: readonly ExpectedMessage[];
  /** The response of the turn, where its stream told. */
  readonly response?: string;
}

/** Conversations begin anew after so many messages. */
const longestConversation = 40;

/** Talks in a conversation; at times it adds a message by hand. */
export class ConversationClient extends Client {
  #current: AcknowledgedConversation | undefined;
  #pending: PendingMessages | undefined;

  override async settle(client: OpenAI): Promise<void> {
    if (this.#current === undefined || this.#pending === undefined) return;
    const { conversation, messages } = this.#current;
    const { messages: sent, response } = this.#pending;
    const read = await readConversation(client, conversation.id);
    if (read === undefined) {
      this.ledger.lose(`the acknowledged conversation ${conversation.id} is not there`);
      this.#current = undefined;
    } else {
      // Compared as a whole either way: what is half there, doubled or out of order is equal to neither.
      const arrived = read.found.length > messages.length;
      const expected = arrived ? [...messages, ...sent] : messages;
      const what = `items of ${conversation.id} after a turn was cut off`;
      if (expectMessages(this.ledger, what, read.found, expected) && arrived) messages.push(...sent);
      this.ledger.cutOff[arrived ? "foundWhole" : "foundAbsent"] += 1;
      if (response !== undefined) await this.#settleResponse(client, response, sent[0]?.text ?? "", arrived);
    }
    this.#pending = undefined;
  }

  override async prove(client: OpenAI): Promise<void> {
    if (this.#current !== undefined) await this.#takeTurn(client, this.#current);
  }

  protected override async step(client: OpenAI): Promise<void> {
    await this.settle(client);
    if (this.#current === undefined || this.#current.messages.length >= longestConversation) {
      const conversation = await request(() => client.conversations.create({ metadata: { client: this.name } }));
      this.#current = { conversation, messages: [] };
      this.ledger.conversations.set(conversation.id, this.#current);
    }
    if (this.random.chance(0.15)) await this.#addMessage(client, this.#current);
    else await this.#takeTurn(client, this.#current);
  }

  protected override beginAnew(): void {
    this.#current = undefined;
    this.#pending = undefined;
  }

  async #takeTurn(client: OpenAI, { conversation: { id }, messages }: AcknowledgedConversation): Promise<void> {
    const text = this.nextText();
    const answer = expectedAnswer(
      messages.map(({ role, text: content }) => ({ role, content })),
      text,
    );
    const question: ExpectedMessage = { role: "user", text };
    const outcome = await takeTurn(client, this.ledger, {
      text,
      stream: this.random.chance(0.5),
      conversation: this.random.chance(0.5) ? id : { id },
    });
    if (outcome instanceof UnresolvedTurn) {
      const sent: ExpectedMessage[] = [question, { role: "assistant", text: answer }];
      this.#pending = { messages: sent, ...(outcome.id === undefined ? {} : { response: outcome.id }) };
      return;
    }
    this.ledger.expectEqual(`the answer of ${outcome.id} to its conversation`, textOfResponse(outcome), answer);
    this.ledger.expectEqual(`the conversation of ${outcome.id}`, outcome.conversation, { id });
    this.ledger.acknowledge(outcome, text);
    messages.push(question, { role: "assistant", text: answer, ...idOfAnswer(outcome) });
  }

  async #addMessage(client: OpenAI, { conversation: { id }, messages }: AcknowledgedConversation): Promise<void> {
    const message: ExpectedMessage = { role: "user", text: this.nextText() };
    try {
      const items = [{ type: "message" as const, role: "user" as const, content: message.text }];
      const added = await request(() => client.conversations.items.create(id, { items }));
      const [first] = added.data;
      messages.push({ ...message, ...(first?.type === "message" ? { id: first.id } : {}) });
    } catch (error) {
      if (!(error instanceof CutOffError)) throw error;
      this.ledger.cutOff.turns += 1;
      this.#pending = { messages: [message] };
      throw error;
    }
  }

  /** A turn is one transaction: its response is there exactly when its items are. */
  async #settleResponse(client: OpenAI, id: string, text: string, arrived: boolean): Promise<void> {
    const response = await readResponse(client, id);
    if ((response !== undefined) !== arrived) {
      this.ledger.fault(`of the cut off turn ${id}, only the ${arrived ? "items" : "response"} can be found`);
    }
    if (response !== undefined) this.ledger.acknowledge(response, text);
  }
}

function idOfAnswer({ output }: Response): { readonly id?: string } {
  const [item] = output;
  return item?.type === "message" ? { id: item.id } : {};
}
