import { beforeAll, afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { RegisteredRoute } from "../../src/server/routing/route-register.js";
import { bearing, keys, type KeyedRole } from "./keys.js";
import { marker, plantings, withoutText } from "./planted-state.js";
import { runningService, type RunningService } from "./running-service.js";

/** All that one request got back: status line, headers, body. */
interface Received {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: string;
}

const logged: string[] = [];
let service: RunningService;
/** Every id there is in the state. */
let ids: string[];

beforeAll(async () => {
  const logStream = { write: (line: string) => logged.push(line) };
  service = await runningService({ keys, logLevel: "trace", logStream });
  const urls = new Set(service.server.routeRegister.routes.map(({ url }) => url));
  for (const { route, requests } of plantings) {
    if (!urls.has(route)) continue;
    for (const { method, path, body } of requests) await plant(method, path, body);
  }
  await attachPlantedFile();
  ids = [];
  for (const name of service.state.collectionNames()) {
    const page = await service.state.collectionNamed(name)?.list({ limit: 20 });
    ids.push(...(page?.documents ?? []).map(({ id }) => id));
  }
  // Items have ids of their own, within the document's.
  ids.push("msg_1", "msg_in", "session-1");
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

async function plant(method: string, path: string, body: unknown): Promise<void> {
  const isForm = body instanceof FormData;
  const reply = await fetch(new URL(path, service.url), {
    method,
    headers: { ...bearing("writer"), ...(isForm ? {} : { "content-type": "application/json" }) },
    body: isForm ? body : JSON.stringify(body),
  });
  expect([path, reply.status, await reply.text()]).toEqual([path, expect.toBeOneOf([200, 201]), expect.any(String)]);
}

/** What joins a file to a vector store has texts of its own, and can only be made when both are there. */
async function attachPlantedFile(): Promise<void> {
  const [file, store] = await Promise.all(
    ["/v1/files", "/v1/vector_stores"].map(async (path) => {
      const { body } = await service.send("GET", path, undefined, bearing("detail"));
      return (body as { data: readonly { id: string }[] }).data[0]?.id;
    }),
  );
  await plant("POST", `/v1/vector_stores/${String(store)}/files`, { file_id: file, attributes: { note: marker } });
}

/** Every path of a route: each of its parameters stands for each id once. */
function pathsOf(url: string): string[] {
  const parameter = /:\w+/.exec(url)?.[0];
  if (parameter === undefined) return [url];
  return ids.flatMap((id) => pathsOf(url.replace(parameter, encodeURIComponent(id))));
}

/** Queries for what a route can be asked: nothing, each member by itself, and everything that is switched on at once. */
function queriesOf({ description: { query } }: RegisteredRoute): string[] {
  if (query === undefined) return [""];
  const { properties = {} } = z.toJSONSchema(query, { io: "input" }) as {
    properties?: Record<string, { type?: string; enum?: readonly string[]; minimum?: number; maximum?: number }>;
  };
  const single: [string, string][] = Object.entries(properties).flatMap(([name, { type, enum: choices, ...range }]) => {
    if (choices !== undefined) return choices.map((one): [string, string] => [name, one]);
    if (type === "boolean") return [[name, "true"]];
    if (type === "integer")
      return [range.minimum, range.maximum].map((bound): [string, string] => [name, String(bound)]);
    return ["true", "all", "session-1", "request", marker].map((one): [string, string] => [name, one]);
  });
  const on = single.filter(([, value]) => value === "true");
  return [
    "",
    ...single.map((member) => `?${new URLSearchParams([member]).toString()}`),
    `?${new URLSearchParams(on).toString()}`,
  ];
}

/**
 * Sends everything that a route can be asked with the key of a role. It stops where more would get the same answer: a
 * role is too low for every path of a route, and what is not there is not there for any query.
 */
async function askAll(route: RegisteredRoute, role: KeyedRole): Promise<Received[]> {
  const received: Received[] = [];
  const [, ...queries] = queriesOf(route);
  for (const path of pathsOf(route.url)) {
    const plain = await ask(route.method, path, role);
    received.push(plain);
    if (plain.status === 403) break;
    if (plain.status === 404) continue;
    for (const query of queries) received.push(await ask(route.method, `${path}${query}`, role));
  }
  return received;
}

async function ask(method: string, path: string, role: KeyedRole): Promise<Received> {
  const sendsBody = method !== "GET" && method !== "HEAD";
  const reply = await fetch(new URL(path, service.url), {
    method,
    headers: { ...bearing(role), ...(sendsBody ? { "content-type": "application/json" } : {}) },
    ...(sendsBody ? { body: "{}" } : {}),
  });
  const isStream = reply.status === 200 && reply.headers.get("content-type")?.includes("text/event-stream") === true;
  const body = isStream && path.includes("/changes") ? await upToNow(reply) : await reply.text();
  return { method, path, status: reply.status, bytes: `${JSON.stringify([...reply.headers])}\n${body}` };
}

/** A stream of changes has no end: it is read up to the newest there is. */
async function upToNow(reply: Response): Promise<string> {
  const begun = new URL(reply.url).searchParams.get("since");
  const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(begun === "0" ? `id: ${service.state.lastSequence}\n` : "retry:")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

describe("a viewer", () => {
  test("never gets a byte of prompts, bodies and tool texts, on any route, in any list, export or stream", async () => {
    const leaks: string[] = [];
    const answered = new Set<string>();
    for (const route of service.server.routeRegister.routes) {
      for (const { method, path, status, bytes } of await askAll(route, "viewer")) {
        // What it sent itself, it may get back.
        if (bytes.includes(marker) && !path.includes(marker)) leaks.push(`${method} ${path} (${status})`);
        if (status === 200) answered.add(route.url);
      }
    }
    expect(leaks).toEqual([]);
    // It is not that it got nothing at all.
    expect([...answered]).toEqual(
      expect.arrayContaining([
        "/metrics",
        "/openapi.json",
        "/v1/operator/recovery",
        "/v1/operator/storage",
        "/v1/operator/changes",
        "/v1/router_replay",
        "/v1/router_replay/:id",
        "/v1/router_replay/trajectory",
      ]),
    );
  });

  test("would get them with the role detail: they are there", async () => {
    const showing = new Set<string>();
    for (const route of service.server.routeRegister.routes.filter(({ method }) => method === "GET")) {
      const received = await askAll(route, "detail");
      if (received.some(({ bytes, path }) => bytes.includes(marker) && !path.includes(marker))) showing.add(route.url);
    }
    expect([...showing]).toEqual(
      expect.arrayContaining([
        "/v1/responses/:id",
        "/v1/responses/:id/input_items",
        "/v1/conversations/:id/items",
        "/v1/files/:id/content",
        "/v1/vector_stores/:id",
        "/v1/vector_stores/:id/files/:file",
        "/v1/operator/changes",
        "/v1/router_replay",
        "/v1/router_replay/:id",
        "/v1/router_replay/trajectory",
      ]),
    );
  });
});

test("the marker stands in every collection that holds texts of people", async () => {
  const without: string[] = [];
  for (const name of service.state.collectionNames()) {
    const page = await service.state.collectionNamed(name)?.list({ limit: 1000 });
    const documents = page?.documents ?? [];
    if (documents.length > 0 && !JSON.stringify(documents).includes(marker)) without.push(name);
  }
  expect(without.filter((name) => withoutText[name] === undefined)).toEqual([]);
});

test("log and metrics never carry it, also not of what was refused", async () => {
  for (const [method, path, body] of [
    ["POST", "/v1/conversations", `{"metadata": ${marker}}`],
    ["POST", "/v1/conversations", JSON.stringify({ items: [{ type: "message", role: marker, content: 7 }] })],
    ["POST", "/v1/state/responses", JSON.stringify({ response: { id: marker, [marker]: "\ud800" } })],
    ["GET", `/v1/responses/${marker}?include[]=${marker}&limit=${marker}`, undefined],
    ["GET", `/${marker}`, undefined],
    ["POST", `/v1/router_replay`, JSON.stringify({ record: { prompt: 7, request_body: marker } })],
  ] as const) {
    const { status } = await service.send(method, path, body, bearing("writer"));
    expect([path, status >= 400 && status < 500]).toEqual([path, true]);
  }
  const metrics = await service.send("GET", "/metrics", undefined, bearing("viewer"));
  expect(metrics.status).toBe(200);
  expect(String(metrics.body)).not.toContain(marker);
  expect(logged.length).toBeGreaterThan(100);
  expect(logged.filter((line) => line.includes(marker))).toEqual([]);
});
