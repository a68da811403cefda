import { connect } from "node:net";
import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { HoldfastError } from "../../src/errors.js";
import { describeError } from "../../src/server/errors/describe-error.js";
import { serve } from "../../src/server/index.js";
import { response } from "../surfaces/samples.js";
import { runningService, type Reply } from "./running-service.js";

function expectEnvelope(reply: Reply, status: number): void {
  expect(reply.status).toBe(status);
  expect(reply.body).toEqual({
    error: {
      message: expect.any(String) as string,
      type: expect.any(String) as string,
      param: (reply.body as { error: { param: unknown } }).error.param,
      code: expect.any(String) as string,
    },
  });
  expect(reply.headers.get("x-request-id")).toMatch(/^[\w.:-]+$/);
}

describe("bad requests", () => {
  test("ids that name no document are 400 or 404, and touch nothing outside", async () => {
    await using service = await runningService();
    for (const id of ["a%2Fb", "..%2F..%2Fetc%2Fpasswd", "a%2F..%2Fb", "nul%00", "x".repeat(300), "%0A"]) {
      for (const path of [`/v1/responses/${id}`, `/v1/conversations/${id}/items`, `/v1/state/responses/${id}/chain`]) {
        expectEnvelope(await service.send("GET", path), 400);
      }
      const put = await service.send("PUT", `/v1/state/responses/${id}`, {
        response: response(decodeURIComponent(id)),
      });
      expectEnvelope(put, 400);
    }
    for (const path of [
      "/v1/responses/",
      "/v1/conversations/",
      "/v1/responses//input_items",
      "/v1/nothing",
      "/v1/state/responses/",
    ]) {
      expectEnvelope(await service.send("GET", path), 404);
    }
    expectEnvelope(await service.send("GET", "/v1/responses/%E0%A4%A"), 400);
    await service.send("POST", "/v1/state/responses", { response: response("Resp_A") });
    await service.send("POST", "/v1/state/responses", { response: response("resp_a") });
    expect((await service.send("GET", "/v1/responses/Resp_A")).body).toMatchObject({ id: "Resp_A" });
    expect((await service.send("GET", "/v1/responses/resp_a")).body).toMatchObject({ id: "resp_a" });
    expect(await readdir(dirname(service.directory))).toEqual(["state"]);
  });

  test("bodies that are no JSON, too large, too deep, or reach for a prototype are refused, and nothing is stored", async () => {
    await using service = await runningService({ bodyLimitBytes: 64 * 1024 });
    const path = "/v1/state/responses";
    expectEnvelope(await service.send("POST", path, "{"), 400);
    expectEnvelope(await service.send("POST", path, '{"response":{"__proto__":{"a":1}}}'), 400);
    expectEnvelope(await service.send("POST", path, `${"[".repeat(20_000)}${"]".repeat(20_000)}`), 400);
    expectEnvelope(
      await service.send("POST", path, { response: response("resp_1", { text: "x".repeat(70_000) }) }),
      413,
    );
    expectEnvelope(await service.send("POST", path, { response: response("resp_1", { text: "\ud800" }) }), 400);
    expectEnvelope(await service.send("POST", path, "x", { "content-type": "text/plain" }), 415);
    expectEnvelope(await service.send("POST", path), 400);
    expectEnvelope(await service.send("POST", path, { response: response("resp_1"), inptu: "misspelt" }), 400);
    expect((await service.send("GET", path)).body).toMatchObject({ data: [] });
  });

  test("every problem of a body is listed, and the first names the parameter", async () => {
    await using service = await runningService();
    const reply = await service.send("POST", "/v1/state/responses", {
      response: response("resp_1", { created_at: "today" }),
      input: [{ role: "user", content: "fine" }, { type: "message" }],
    });
    expectEnvelope(reply, 400);
    const { error } = reply.body as { error: { message: string; param: string } };
    expect(error.param).toBe("response.created_at");
    expect(error.message).toContain("/input/1/role");
    expect(error.message).toContain("/input/1/content");
  });

  test("query parameters out of range are named; unknown ones are left alone", async () => {
    await using service = await runningService();
    await service.send("POST", "/v1/state/responses", { response: response("resp_1"), input: "x" });
    const path = "/v1/responses/resp_1/input_items";
    for (const [query, param] of [
      ["limit=0", "limit"],
      ["limit=101", "limit"],
      ["limit=many", "limit"],
      ["limit=1&limit=2", "limit"],
      ["order=up", "order"],
      ["after=msg_unknown", "after"],
      ["before=msg_unknown", "before"],
    ]) {
      const reply = await service.send("GET", `${path}?${query ?? ""}`);
      expectEnvelope(reply, 400);
      expect(reply.body).toMatchObject({ error: { param } });
    }
    expect((await service.send("GET", `${path}?invented=later&include[]=x`)).status).toBe(200);
  });

  test("a method that a path does not have is 405 and says which it has", async () => {
    await using service = await runningService();
    const reply = await service.send("PUT", "/v1/responses/resp_1", {});
    expectEnvelope(reply, 405);
    expect(reply.headers.get("allow")).toBe("DELETE, GET, HEAD");
  });

  test("the client's error classes are what they should be", async () => {
    await using service = await runningService();
    const { client } = service;
    await expect(client.responses.retrieve("resp_1")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(client.responses.retrieve("a/b")).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(client.conversations.create({ metadata: { k: "v".repeat(513) } })).rejects.toMatchObject({
      status: 400,
      param: "metadata.k",
      requestID: expect.stringMatching(/^req_/) as string,
    });
  });

  test("a host that is not loopback is refused, in the address and in the request", async () => {
    await using service = await runningService();
    for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.com"]) {
      await expect(serve(service.state, { host, port: 0 })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    }
    const { port } = new URL(service.url);
    const foreign = await overSocket(
      service.url,
      "GET /health HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n",
    );
    expect(foreign).toMatch(/^HTTP\/1.1 403 /);
    await expect(serve(service.state, { port: Number(port) })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
  });

  test("what is no HTTP gets the envelope too", async () => {
    await using service = await runningService();
    const [head, body] = (await overSocket(service.url, "NONSENSE\r\n\r\n")).split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(JSON.parse(body ?? "")).toMatchObject({ error: { param: null, code: "invalid_request" } });
  });

  test("a full disk is 507 and not worth repeating; a defect of the service tells nothing of itself", () => {
    expect(describeError(new HoldfastError("STORAGE_FULL", "The disk is full."), "req_1")).toMatchObject({
      status: 507,
      shouldRetry: false,
      code: "storage_full",
      type: "server_error",
      param: null,
    });
    const defect = describeError(new TypeError("secret of document resp_1"), "req_1");
    expect(defect.status).toBe(500);
    expect(JSON.stringify(defect)).not.toContain("secret");
  });
});

/** Sends bytes that no HTTP client would send, and gives all that comes back. */
async function overSocket(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString()));
    socket.on("end", () => {
      resolve(received);
    });
    socket.on("error", reject);
  });
}
