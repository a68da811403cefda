import type OpenAI from "openai";
import { answerTo, type ChatMessage } from "../../examples/router/upstream/local-answer.js";
import type { Ledger, Response } from "./ledger.js";
import type { RecordedTurn } from "./record-ledger.js";
import { CutOffError, request } from "./service.js";

/** A turn that was not acknowledged. `id` is what the stream told of it before it broke off. */
export class UnresolvedTurn {
  readonly id: string | undefined;

  constructor(id: string | undefined) {
    this.id = id;
  }
}

export interface TurnOrder {
  readonly text: string;
  readonly stream: boolean;
  readonly store?: boolean;
  readonly previous_response_id?: string;
  readonly conversation?: string | { readonly id: string };
}

/** Where the router names the replay record of a turn. */
const recordHeader = "x-vsr-replay-id";

/**
 * Takes a turn. It is acknowledged when the reply has arrived in full; for a stream, when `response.completed` has. Its
 * replay record is acknowledged as soon as the router has named it, which it must, and must not for `store: false`.
 *
 * @throws Error for any answer a router in order would not give.
 */
export async function takeTurn(client: OpenAI, ledger: Ledger, order: TurnOrder): Promise<Response | UnresolvedTurn> {
  const { text, stream, ...members } = order;
  const body = { model: "drill", input: text, ...members };
  ledger.records.sent.set(text, { store: order.store !== false });
  let recorded: RecordedTurn | undefined;
  const onHead = ({ headers }: { readonly headers: Headers }): void => {
    const id = headers.get(recordHeader);
    ledger.expectEqual(`whether the turn "${text}" has a replay record`, id !== null, order.store !== false);
    if (id === null) return;
    recorded = { text, stream, outcome: "under way" };
    ledger.records.turns.set(id, recorded);
  };
  let id: string | undefined;
  try {
    const response = stream
      ? await request(() => streamed(client, body, onHead, (created) => (id = created)))
      : await request(() => whole(client, body, onHead));
    ledger.acknowledgedTurns += 1;
    if (recorded !== undefined) recorded.outcome = response;
    return response;
  } catch (error) {
    if (!(error instanceof CutOffError)) throw error;
    ledger.cutOff.turns += 1;
    if (recorded !== undefined) recorded.outcome = "cut off";
    return new UnresolvedTurn(id);
  }
}

type Body = Omit<OpenAI.Responses.ResponseCreateParamsStreaming, "stream">;
type OnHead = (head: { readonly headers: Headers }) => void;

async function whole(client: OpenAI, body: Body, onHead: OnHead): Promise<Response> {
  const { data, response } = await client.responses.create({ ...body, stream: false }).withResponse();
  onHead(response);
  return data;
}

async function streamed(
  client: OpenAI,
  body: Body,
  onHead: OnHead,
  onCreated: (id: string) => void,
): Promise<Response> {
  const { data: events, response: head } = await client.responses.create({ ...body, stream: true }).withResponse();
  onHead(head);
  let expectedSequence = 0;
  let streamedText = "";
  for await (const event of events) {
    if (event.sequence_number !== expectedSequence) {
      throw new Error(`Event ${event.type} has the sequence number ${event.sequence_number}, not ${expectedSequence}.`);
    }
    expectedSequence += 1;
    if (event.type === "response.created") onCreated(event.response.id);
    else if (event.type === "response.output_text.delta") streamedText += event.delta;
    else if (event.type === "response.completed") {
      const [item] = event.response.output;
      const completedText = item?.type === "message" && item.content[0]?.type === "output_text" && item.content[0].text;
      if (completedText !== streamedText)
        throw new Error(`The stream said ${streamedText}, and its end ${String(completedText)}.`);
      return event.response;
    } else if (event.type === "response.failed") {
      throw new Error(`The turn failed: ${JSON.stringify(event.response.error)}`);
    }
  }
  throw new CutOffError("The stream ended without an outcome.");
}

/** The answer that the local upstream gives to a history: the proof that the router sent all of it, and nothing else. */
export function expectedAnswer(history: readonly ChatMessage[], text: string): string {
  return answerTo([...history, { role: "user", content: text }]);
}

/** The text a response answers with. */
export function textOfResponse(response: Response): string {
  return response.output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => (part.type === "output_text" ? part.text : part.refusal))
    .join("");
}
