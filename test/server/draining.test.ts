import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { runningService } from "./running-service.js";

/** Begins a request and holds it: its head is there, most of its body is not. */
async function beginRequest(url: string, body: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  const head = "POST /v1/conversations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
  socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, 1)}`);
  return socket;
}

test("while requests end, probes say that the service stops, and new requests are sent elsewhere", async () => {
  await using service = await runningService();
  const { url, state, server } = service;
  await state.startup.report({ phase: "ready", message: "Serving." });
  const body = '{"metadata":{"turn":"last"}}';
  const begun = new Promise<void>((resolve) => {
    server.server.once("request", () => {
      resolve();
    });
  });
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
