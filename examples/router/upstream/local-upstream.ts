import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answerTo, digestOf, textOf, type ChatMessage, type ChatToolCall } from "./local-answer.js";
import { localModels } from "./local-models.js";

/**
 * A small OpenAI-compatible upstream for trying the router out and for testing it: chat completions over real HTTP,
 * streamed or not, always the same answer to the same prompt, and the models the router downloads when it starts.
 */
export interface LocalUpstream {
  /** Where it listens: the base address of its `/v1`, without a slash at the end. */
  readonly url: string;
  /** Where its model files are, without a slash at the end. */
  readonly modelsUrl: string;
  close(): Promise<void>;
}

export interface LocalUpstreamOptions {
  /** Pause between two pieces of a streamed answer, in milliseconds. Default 2. */
  readonly pieceDelayMs?: number;
}

interface ChatRequest {
  readonly model?: string;
  readonly messages?: readonly ChatMessage[];
  readonly stream?: boolean;
  readonly tools?: readonly { readonly function?: { readonly name?: string } }[];
}

const longestBody = 64 * 1024 * 1024;

/** Starts it on a free port of the loopback interface. */
export async function startLocalUpstream({ pieceDelayMs = 2 }: LocalUpstreamOptions = {}): Promise<LocalUpstream> {
  const server = createServer((request, response) => {
    answer(request, response, pieceDelayMs).catch((error: unknown) => {
      refuse(response, 500, String(error));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/v1`;
  return { url, modelsUrl: `${url}/model-files`, close: () => closed(server) };
}

async function answer(request: IncomingMessage, response: ServerResponse, pieceDelayMs: number): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "GET" && pathname.startsWith("/v1/model-files/")) {
    const bytes = localModels.get(decodeURIComponent(pathname.slice("/v1/model-files/".length)));
    if (bytes === undefined) refuse(response, 404, "There is no such model file.");
    else response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    return;
  }
  if (request.method !== "POST" || pathname !== "/v1/chat/completions") {
    refuse(response, 404, `There is no ${request.method ?? ""} ${pathname} here.`);
    return;
  }
  const body = JSON.parse(await textOfBody(request)) as ChatRequest;
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    refuse(response, 400, "'messages' must be an array of at least one message.");
  } else if (body.stream === true) {
    await stream(response, body, body.messages, pieceDelayMs);
  } else {
    const { content, toolCalls } = completionOf(body, body.messages);
    const message = { role: "assistant", content, ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }) };
    const finish = toolCalls.length === 0 ? "stop" : "tool_calls";
    const choices = [{ index: 0, message, finish_reason: finish }];
    const usage = usageOf(body.messages, content);
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ ...headOf(body, body.messages), object: "chat.completion", choices, usage }));
  }
}

async function stream(
  response: ServerResponse,
  body: ChatRequest,
  messages: readonly ChatMessage[],
  pieceDelayMs: number,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const head = { ...headOf(body, messages), object: "chat.completion.chunk" };
  const send = (members: object): void => {
    response.write(`data: ${JSON.stringify({ ...head, ...members })}\n\n`);
  };
  const choice = (delta: object, finish: string | null = null): object => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const { content, toolCalls } = completionOf(body, messages);
  send(choice({ role: "assistant", content: "" }));
  for (const piece of content?.match(/\S+\s*/g) ?? []) {
    await sleep(pieceDelayMs);
    if (response.destroyed) return;
    send(choice({ content: piece }));
  }
  for (const [index, { id, type, function: called }] of toolCalls.entries()) {
    send(choice({ tool_calls: [{ index, id, type, function: { name: called.name, arguments: "" } }] }));
    send(choice({ tool_calls: [{ index, function: { arguments: called.arguments } }] }));
  }
  send(choice({}, toolCalls.length === 0 ? "stop" : "tool_calls"));
  send({ choices: [], usage: usageOf(messages, content) });
  response.end("data: [DONE]\n\n");
}

interface Completion {
  readonly content: string | null;
  readonly toolCalls: readonly ChatToolCall[];
}

/** `call <name> <arguments>` as the last message calls that tool, when it is offered; anything else is answered. */
function completionOf(body: ChatRequest, messages: readonly ChatMessage[]): Completion {
  const last = messages.at(-1);
  const [, name, parameters] = /^call (\S+)\s*(.*)$/s.exec(last?.role === "user" ? textOf(last) : "") ?? [];
  if (name !== undefined && body.tools?.some((tool) => tool.function?.name === name) === true) {
    const call = { name, arguments: parameters === undefined || parameters === "" ? "{}" : parameters };
    return { content: null, toolCalls: [{ id: `call_${digestOf(messages)}`, type: "function", function: call }] };
  }
  return { content: answerTo(messages), toolCalls: [] };
}

function headOf(body: ChatRequest, messages: readonly ChatMessage[]): object {
  const created = Math.floor(Date.now() / 1000);
  return { id: `chatcmpl-${digestOf(messages)}`, created, model: body.model ?? "local" };
}

/** A token is a word here. */
function usageOf(messages: readonly ChatMessage[], content: string | null): object {
  const prompt = messages.reduce((tokens, message) => tokens + wordsOf(textOf(message)), 0);
  const completion = wordsOf(content ?? "");
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function wordsOf(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

async function textOfBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) throw new Error(`A body of more than ${longestBody} bytes is not read.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const error = { message, type: status < 500 ? "invalid_request_error" : "server_error", param: null, code: null };
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error }));
}

async function closed(server: Server): Promise<void> {
  const done = once(server, "close");
  server.close();
  server.closeAllConnections();
  await done;
}
