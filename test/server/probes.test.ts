import { describe, expect, test } from "vitest";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { serve } from "../../src/server/index.js";
import { response } from "../surfaces/samples.js";
import { runningService } from "./running-service.js";

describe("the probes", () => {
  test("tell the phases in the shapes of the reference", async () => {
    await using service = await runningService();
    await service.state.startup.report({
      phase: "downloading_models",
      message: "Downloading model a",
      downloading_model: "models/a",
      pending_models: ["models/a", "models/b"],
      ready_models: 1,
      total_models: 3,
    });
    expect(await service.send("GET", "/health")).toMatchObject({
      status: 200,
      body: { status: "healthy", service: "holdfast" },
    });
    const ready = await service.send("GET", "/ready");
    expect(ready.status).toBe(503);
    expect(ready.body).toEqual({
      status: "starting",
      service: "holdfast",
      ready: false,
      phase: "downloading_models",
      message: "Downloading model a",
      downloading_model: "models/a",
      pending_models: ["models/a", "models/b"],
      ready_models: 1,
      total_models: 3,
    });
    expect(await service.send("GET", "/startup-status")).toMatchObject({
      status: 503,
      body: { phase: "downloading_models", ready: false, total_models: 3, boot_count: 1 },
    });
    expect((await service.send("GET", "/livez")).status).toBe(200);
    expect((await service.send("GET", "/readyz")).status).toBe(503);
    expect((await service.send("GET", "/startupz")).status).toBe(503);

    await service.state.startup.report({ phase: "ready", message: "Serving." });
    expect((await service.send("GET", "/ready")).body).toEqual({
      status: "ready",
      service: "holdfast",
      ready: true,
      phase: "ready",
      message: "Serving.",
      downloading_model: null,
      pending_models: null,
      ready_models: 1,
      total_models: 3,
    });
    for (const path of ["/startup-status", "/readyz", "/startupz"]) {
      expect((await service.send("GET", path)).status).toBe(200);
    }
  });

  test("a directory opened for reading is served without a startup status, and refuses writes", async () => {
    await using service = await runningService();
    await service.send("POST", "/v1/state/responses", { response: response("resp_1") });
    await using reader = await openStateDirectory({ directory: service.directory, mode: "reader" });
    await using readerService = await serve(reader, { port: 0, logLevel: "silent" });
    const get = (path: string): Promise<Response> => fetch(new URL(path, readerService.url));
    expect((await get("/v1/responses/resp_1")).status).toBe(200);
    expect((await get("/health")).status).toBe(200);
    const ready = await get("/ready");
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: "starting", service: "holdfast", ready: false });
    expect(await (await get("/startup-status")).json()).toEqual({
      phase: "unknown",
      ready: false,
      message: "startup status not available",
    });
    expect((await get("/metrics")).status).toBe(200);
    const refused = await fetch(new URL("/v1/responses/resp_1", readerService.url), { method: "DELETE" });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { type: "permission_error", code: "read_only" } });
  });

  test("the recovery report is there for the operator", async () => {
    await using service = await runningService();
    expect((await service.send("GET", "/v1/operator/recovery")).body).toEqual(service.state.recovery);
  });

  test("the metrics count requests by route and what the store did, and hold no ids", async () => {
    await using service = await runningService();
    await service.send("POST", "/v1/conversations", { metadata: { secret: "do not show" } });
    await service.send("GET", "/v1/conversations/conv_not_shown");
    const { body, headers } = await service.send("GET", "/metrics");
    expect(headers.get("content-type")).toContain("text/plain");
    const text = String(body);
    expect(text).toMatch(
      /holdfast_http_request_duration_seconds_count\{method="GET",route="\/v1\/conversations\/:id",status="404"\} 1/,
    );
    expect(text).toMatch(/^holdfast_store_commits_total [1-9]/m);
    expect(text).toMatch(/^holdfast_store_documents\{collection="conversations"\} 1$/m);
    expect(text).toMatch(/^holdfast_store_condition\{state="open"\} 1$/m);
    expect(text).toMatch(/^holdfast_store_condition\{state="failed"\} 0$/m);
    expect(text).toContain("process_cpu_seconds_total");
    expect(text).not.toMatch(/do not show|conv_not_shown/);
  });

  test("the log has one line for each request and nothing of its content", async () => {
    const lines: string[] = [];
    await using service = await runningService({ logLevel: "info", logStream: { write: (line) => lines.push(line) } });
    await service.send(
      "POST",
      "/v1/conversations?secret=query",
      { metadata: { secret: "do not show" } },
      { "x-request-id": "abc-1" },
    );
    await service.send("GET", "/livez");
    const requests = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === "request");
    expect(requests).toMatchObject([{ reqId: "abc-1", method: "POST", route: "/v1/conversations", status: 200 }]);
    expect(lines.join("")).not.toMatch(/do not show|secret/);
  });
});
