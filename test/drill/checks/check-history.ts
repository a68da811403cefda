import OpenAI from "openai";
import type { Ledger } from "../ledger.js";
import { expectMessages, readConversation, readInput, readResponse } from "../readings/read-history.js";
import { request } from "../service.js";

/** Asks for an acknowledged response and its input, and compares all of it with what was acknowledged. */
export async function checkResponse(client: OpenAI, ledger: Ledger, id: string): Promise<void> {
  const acknowledged = ledger.responses.get(id);
  // It may have been deleted, on purpose, between being chosen and being checked.
  if (acknowledged === undefined) return;
  const found = await readResponse(client, id);
  if (!ledger.responses.has(id)) return;
  if (found === undefined) {
    ledger.lose(`the acknowledged response ${id} is not there`);
    return;
  }
  ledger.expectEqual(`response ${id}`, found, acknowledged.response);
  expectMessages(ledger, `input of ${id}`, await readInput(client, id), [acknowledged.input]);
}

/** Asks for an acknowledged conversation in which no turn is under way, and compares every item of it. */
export async function checkConversation(client: OpenAI, ledger: Ledger, id: string): Promise<void> {
  const acknowledged = ledger.conversations.get(id);
  if (acknowledged === undefined) return;
  const read = await readConversation(client, id);
  if (read === undefined) {
    ledger.lose(`the acknowledged conversation ${id} is not there`);
    return;
  }
  ledger.expectEqual(`conversation ${id}`, read.conversation, acknowledged.conversation);
  if (read.found.length < acknowledged.messages.length) {
    ledger.lose(
      `the conversation ${id} has ${read.found.length} of ${acknowledged.messages.length} acknowledged items`,
    );
  }
  expectMessages(ledger, `items of ${id}`, read.found, acknowledged.messages);
}

/** What must not be there can neither be read nor continued. */
export async function checkAbsent(client: OpenAI, ledger: Ledger, id: string): Promise<void> {
  const reason = ledger.absent.get(id) ?? "must not be there";
  ledger.checks += 1;
  if ((await readResponse(client, id)) !== undefined) ledger.fault(`${id} can be read: ${reason}`);
  try {
    await request(() =>
      client.responses.create({ model: "drill", input: "go on", previous_response_id: id, store: false }),
    );
    ledger.fault(`${id} can be continued: ${reason}`);
  } catch (error) {
    if (!(error instanceof OpenAI.BadRequestError)) throw error;
    ledger.expectEqual(`the refusal to continue ${id}`, error.code, "previous_response_not_found");
  }
}

/** Checks every acknowledged response and conversation, and what must not be there. */
export async function checkHistories(client: OpenAI, ledger: Ledger): Promise<void> {
  for (const id of ledger.responses.keys()) await checkResponse(client, ledger, id);
  for (const id of ledger.conversations.keys()) await checkConversation(client, ledger, id);
  for (const id of ledger.absent.keys()) await checkAbsent(client, ledger, id);
}
