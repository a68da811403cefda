import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { answerTo, textOf, type ChatMessage } from "../../examples/router/upstream/local-answer.js";

/** What the last message says makes it misbehave; anything else is answered as the local upstream would. */
export const script = {
  /** 429, before any answer. */
  refuse: "refuse this",
  /** The connection breaks in the midst of the answer. */
  breakOff: "break off",
  /** An answer begins, and then nothing more comes. */
  stall: "stall",
} as const;

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

/** An OpenAI-compatible upstream that fails on demand, and remembers what it was asked. */
export class ScriptedUpstream implements AsyncDisposable {
  /** The prompts it was sent, in order. */
  readonly prompts: (readonly ChatMessage[])[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      json(request)
        .then((body) => {
          this.#answer((body as { readonly messages: readonly ChatMessage[] }).messages, response);
        })
        .catch((error: unknown) => {
          response.writeHead(500).end(String(error));
        });
    });
  }

  static async begin(): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream();
    upstream.#server.listen(0, "127.0.0.1");
    await once(upstream.#server, "listening");
    return upstream;
  }

  /** What a router is told of it. */
  get settings(): Readonly<Record<string, string>> {
    return { ROUTER_UPSTREAM_URL: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(messages: readonly ChatMessage[], response: ServerResponse): void {
    this.prompts.push(messages);
    const asked = textOf(messages.at(-1));
    if (asked === script.refuse) {
      response.writeHead(429, { "content-type": "application/json" }).end('{"error":{"message":"Slow down."}}');
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (members: object, onSent?: () => void): void => {
      response.write(`data: ${JSON.stringify({ object: "chat.completion.chunk", ...members })}\n\n`, onSent);
    };
    if (asked === script.stall || asked === script.breakOff) {
      send({ choices: [{ index: 0, delta: { content: "It begins" }, finish_reason: null }] }, () => {
        if (asked === script.breakOff) response.destroy();
      });
      return;
    }
    send({ choices: [{ index: 0, delta: { content: answerTo(messages) }, finish_reason: null }] });
    send({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    send({ choices: [], usage });
    response.end("data: [DONE]\n\n");
  }
}
