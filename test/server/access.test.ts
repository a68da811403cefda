import { connect } from "node:net";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { createServer, serve } from "../../src/server/index.js";
import { includesRole, roleOf } from "../../src/server/access/index.js";
import { roles, type RouteDescription } from "../../src/server/routing/describe-route.js";
import { z } from "zod";
import { response } from "../surfaces/samples.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { bearing, keyOf, keys } from "./keys.js";
import { runningService } from "./running-service.js";

/** A path of a route; what its parameters name does not exist. */
function pathOf(url: string): string {
  return url.replaceAll(/:\w+/g, "none");
}

describe("with keys", () => {
  test("every route but the probes refuses a request without one, and with one of a role too low", async () => {
    await using service = await runningService({ keys });
    const { routes } = service.server.routeRegister;
    const open = routes.filter(({ description }) => description.role === "public").map(({ url }) => url);
    expect(new Set(open)).toEqual(new Set(["/health", "/ready", "/startup-status", "/livez", "/readyz", "/startupz"]));
    for (const { method, url, description } of routes) {
      const { role } = description;
      if (role === "public") continue;
      const path = pathOf(url);
      for (const authorization of [undefined, "Bearer not-one-of-the-keys", `Basic ${keyOf.admin}`]) {
        const headers = authorization === undefined ? {} : { authorization };
        const refused = await service.send(method, path, undefined, headers);
        expect([method, url, refused.status]).toEqual([method, url, 401]);
        expect(refused.headers.get("www-authenticate")).toContain("Bearer");
      }
      for (const lower of roles.filter((one) => !includesRole(one, role))) {
        const refused = await service.send(method, path, undefined, bearing(lower));
        expect([method, url, lower, refused.status]).toEqual([method, url, lower, 403]);
      }
    }
  });

  test("each role may do what the ones before it may, and its own", async () => {
    await using service = await runningService({ keys });
    const record = { response: response("resp_1") };
    const status = async (...[method, path, body]: [string, string, unknown?]): Promise<number[]> => {
      const statuses: number[] = [];
      for (const role of roles) statuses.push((await service.send(method, path, body, bearing(role))).status);
      return statuses;
    };
    expect(await status("GET", "/metrics")).toEqual([200, 200, 200, 200]);
    expect(await status("PUT", "/v1/state/responses/resp_1", record)).toEqual([403, 403, 201, 200]);
    expect(await status("GET", "/v1/responses/resp_1")).toEqual([403, 200, 200, 200]);
    expect(await status("GET", "/v1/operator/recovery")).toEqual([200, 200, 200, 200]);
    expect(await status("GET", "/nothing/here")).toEqual([404, 404, 404, 404]);
    expect((await service.send("GET", "/nothing/here")).status).toBe(401);
    expect((await service.send("PUT", "/v1/responses/resp_1", {})).status).toBe(401);
    expect((await service.send("PUT", "/v1/responses/resp_1", {}, bearing("viewer"))).status).toBe(405);
    expect((await service.send("GET", "/health")).status).toBe(200);
  });

  test("the official client gets its error classes, and what it may have", async () => {
    await using service = await runningService({ keys });
    const clientOf = (apiKey: string): OpenAI => new OpenAI({ apiKey, baseURL: `${service.url}/v1`, maxRetries: 0 });
    const { id } = await clientOf(keyOf.writer).conversations.create({ metadata: { topic: "keys" } });
    expect(await clientOf(keyOf.detail).conversations.retrieve(id)).toMatchObject({ metadata: { topic: "keys" } });
    await expect(clientOf("not-one-of-the-keys").conversations.retrieve(id)).rejects.toMatchObject({
      status: 401,
      code: "invalid_api_key",
    });
    await expect(clientOf(keyOf.viewer).conversations.retrieve(id)).rejects.toBeInstanceOf(
      OpenAI.PermissionDeniedError,
    );
    await expect(clientOf(keyOf.detail).conversations.delete(id)).rejects.toMatchObject({
      status: 403,
      type: "permission_error",
      code: "insufficient_role",
    });
  });

  test("no key gets into the log, nor what was sent in place of one", async () => {
    const lines: string[] = [];
    const logStream = { write: (line: string) => lines.push(line) };
    await using service = await runningService({ keys, logLevel: "trace", logStream });
    await service.send("GET", "/v1/state/responses", undefined, bearing("detail"));
    await service.send("GET", "/v1/state/responses", undefined, { authorization: "Bearer mistyped-key-000001" });
    const log = lines.join("");
    expect(log).toContain('"route":"/v1/state/responses"');
    for (const secret of [...Object.values(keyOf), "mistyped-key", ...keys.map(({ sha256 }) => sha256)]) {
      expect(log).not.toContain(secret);
    }
  });

  test("any address can be listened on, and any host name asked", async () => {
    await using service = await runningService({ keys });
    await using everywhere = await serve(service.state, { keys, host: "0.0.0.0", port: 0, logLevel: "silent" });
    const { port } = new URL(everywhere.url);
    const head = `GET /metrics HTTP/1.1\r\nHost: state.example\r\nAuthorization: Bearer ${keyOf.viewer}\r\n`;
    expect(await firstLine(Number(port), `${head}Connection: close\r\n\r\n`)).toBe("HTTP/1.1 200 OK");
  });

  test("that are not valid, the server is not built, and no message holds a hash", async () => {
    await using folder = await temporaryFolder();
    await using state = await openStateDirectory({ directory: folder.path });
    const [first, second] = keys as [(typeof keys)[number], (typeof keys)[number]];
    for (const bad of [
      [],
      [first, { ...second, name: first.name }],
      [first, { ...first, name: "other", role: "admin" as const }],
      [{ ...first, sha256: keyOf.viewer }],
      [{ ...first, name: "two words" }],
    ]) {
      expect(() => createServer(state, { keys: bad, logLevel: "silent" })).toThrow(
        expect.objectContaining({
          code: "INVALID_CONFIG",
          message: expect.not.stringContaining(first.sha256) as string,
        }) as Error,
      );
    }
  });
});

describe("the shape of an error", () => {
  const describedAs = (errors: RouteDescription["errors"], role: RouteDescription["role"]): RouteDescription => ({
    role,
    tag: "Test",
    summary: "Fail",
    reply: z.unknown(),
    ...(errors === undefined ? {} : { errors }),
  });

  test("is that of its route; a caller who may not ask replay is told in the management form", async () => {
    await using folder = await temporaryFolder();
    await using state = await openStateDirectory({ directory: folder.path });
    const server = createServer(state, { keys, logLevel: "silent" });
    for (const shape of ["openai", "replay", "management"] as const) {
      server.get(`/test/${shape}`, { config: { description: describedAs(shape, "detail") } }, () =>
        state.responses.delete("a/b"),
      );
    }
    const get = async (shape: string, headers: Record<string, string>): Promise<unknown> => {
      const reply = await server.inject({ url: `/test/${shape}`, headers: { "x-request-id": "abc-1", ...headers } });
      return { status: reply.statusCode, ...(JSON.parse(reply.body) as object) };
    };
    const message = expect.any(String) as string;
    const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
    expect(await get("openai", bearing("detail"))).toEqual({
      status: 400,
      error: { message, type: "invalid_request_error", param: "id", code: "invalid_id" },
    });
    expect(await get("replay", bearing("detail"))).toEqual({
      status: 400,
      error: { message, type: "invalid_request_error", code: 400 },
    });
    expect(await get("management", bearing("detail"))).toEqual({
      status: 400,
      error: { code: "INVALID_ID", message, timestamp, request_id: "abc-1" },
    });
    for (const shape of ["replay", "management"]) {
      expect(await get(shape, {})).toEqual({
        status: 401,
        error: { code: "INVALID_API_KEY", message, timestamp, request_id: "abc-1" },
      });
      expect(await get(shape, bearing("viewer"))).toMatchObject({ status: 403, error: { code: "INSUFFICIENT_ROLE" } });
    }
    await server.close();
  });

  test("a route that does not describe itself is refused", async () => {
    await using folder = await temporaryFolder();
    await using state = await openStateDirectory({ directory: folder.path });
    const server = createServer(state, { logLevel: "silent" });
    expect(() => server.get("/secret", () => "all of it")).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG" }) as Error,
    );
    server.get("/role", { config: { description: describedAs("openai", "detail") } }, (request) => ({
      role: roleOf(request),
    }));
    expect((await server.inject("/secret")).statusCode).toBe(404);
    // Without keys, on this machine, everybody is admin.
    expect((await server.inject("/role")).json()).toEqual({ role: "admin" });
    await server.close();
  });
});

describe("the limit of requests", () => {
  test("counts each key by itself, spares the probes, and says when to come again", async () => {
    await using service = await runningService({ keys, requestsPerMinute: 3 });
    const ask = (role: "viewer" | "detail"): ReturnType<typeof service.send> =>
      service.send("GET", "/v1/operator/recovery", undefined, bearing(role));
    for (let count = 0; count < 3; count += 1) expect((await ask("viewer")).status).toBe(200);
    const refused = await ask("viewer");
    expect(refused).toMatchObject({
      status: 429,
      body: { error: { type: "rate_limit_error", code: "rate_limit_exceeded" } },
    });
    const retryAfter = Number(refused.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect((await ask("detail")).status).toBe(200);
    for (let count = 0; count < 10; count += 1) expect((await service.send("GET", "/health")).status).toBe(200);
  });

  test("counts guesses by address", async () => {
    await using service = await runningService({ keys, requestsPerMinute: 2 });
    const guess = async (number: number): Promise<number> =>
      (await service.send("GET", "/metrics", undefined, { authorization: `Bearer guess-${number}` })).status;
    expect([await guess(1), await guess(2), await guess(3)]).toEqual([401, 401, 429]);
    expect((await service.send("GET", "/metrics", undefined, bearing("viewer"))).status).toBe(200);
  });
});

async function firstLine(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString()));
    socket.on("end", () => {
      resolve(received.split("\r\n")[0] ?? "");
    });
    socket.on("error", reject);
  });
}
