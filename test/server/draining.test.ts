import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { runningService, type RunningService } from "./running-service.js";

/** Begins a request and holds it: its head is there, most of its body is not. */
async function beginRequest(url: string, body: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  const head = "POST /v1/conversations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
  socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, 1)}`);
  return socket;
}

/** Begun when the server has it, not when it was sent. */
function nextRequest(server: RunningService["server"]): Promise<void> {
  return new Promise((resolve) => {
    server.server.once("request", () => {
      resolve();
    });
  });
}

test("a request may take longer to end than any limit the framework has for closing", async () => {
  await using service = await runningService();
  const body = '{"metadata":{"turn":"last"}}';
  const begun = nextRequest(service.server);
  const socket = await beginRequest(service.url, body);
  await begun;
  const closed = service.server.close();
  let hasClosed = false;
  void closed.finally(() => (hasClosed = true)).catch(() => undefined);
  // The framework's own limit, for what plugins do, is ten seconds.
  await sleep(11_000);
  expect(hasClosed).toBe(false);
  socket.end(body.slice(1));
  await closed;
  socket.destroy();
}, 30_000);

test("while requests end, probes say that the service stops, and new requests are sent elsewhere", async () => {
  await using service = await runningService();
  const { url, state, server } = service;
  await state.startup.report({ phase: "ready", message: "Serving." });
  const body = '{"metadata":{"turn":"last"}}';
  const begun = nextRequest(server);
  const socket = await beginRequest(url, body);
  await begun;

  await state.startup.report({ phase: "stopping", message: "Stopping (SIGTERM)." });
  const closed = server.close();
  expect((await service.send("GET", "/livez")).status).toBe(200);
  expect(await service.send("GET", "/readyz")).toMatchObject({ status: 503, body: { phase: "stopping" } });
  const refused = await fetch(new URL("/v1/state/responses", url), { headers: { connection: "close" } });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "stopping", type: "server_error" } });

  socket.write(body.slice(1));
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString()));
  await once(socket, "end");
  socket.destroy();
  expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(received).toMatch(/^connection: close\r$/im);
  await closed;
  expect((await state.conversations.list()).conversations).toMatchObject([
    { body: { conversation: { metadata: { turn: "last" } } } },
  ]);
});
