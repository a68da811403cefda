import { describe, expect, test } from "vitest";
import { message, response } from "../surfaces/samples.js";
import { runningService } from "./running-service.js";

describe("the recording routes", () => {
  test("R9: a turn in two phases, guarded by its revision", async () => {
    await using service = await runningService();
    const begun = response("resp_1", { status: "in_progress", output: [] });
    const posted = await service.send("POST", "/v1/state/responses", {
      response: begun,
      input: "hello",
      owner: "alice",
    });
    expect(posted).toMatchObject({
      status: 201,
      body: { object: "state.response", id: "resp_1", revision: 1, owner: "alice" },
    });
    const output = [message("msg_1", "assistant", "done")];
    const patch = { response: { status: "completed", output } };
    const patched = await service.send("PATCH", "/v1/state/responses/resp_1", JSON.stringify(patch), {
      "content-type": "application/merge-patch+json",
      "if-match": posted.headers.get("etag") ?? "",
    });
    expect(patched).toMatchObject({ status: 200, body: { revision: 2, response: { status: "completed", output } } });
    const stale = await service.send("PATCH", "/v1/state/responses/resp_1", patch, { "if-match": '"1"' });
    expect(stale).toMatchObject({
      status: 409,
      body: { error: { code: "revision_conflict", type: "conflict_error" } },
    });
    expect(stale.headers.get("x-should-retry")).toBe("false");
    expect((await service.send("GET", "/v1/state/responses/resp_1")).headers.get("etag")).toBe('"2"');
  });

  test("R7: creating twice is a conflict that the official client does not repeat", async () => {
    await using service = await runningService();
    const body = { response: response("resp_1") };
    expect((await service.send("POST", "/v1/state/responses", body)).status).toBe(201);
    const before = await requestCount(service);
    await expect(service.client.post("/state/responses", { body })).rejects.toMatchObject({
      status: 409,
      code: "already_exists",
    });
    expect(await requestCount(service)).toBe(before + 1);
    expect((await service.send("PUT", "/v1/state/responses/resp_1", body, { "if-none-match": "*" })).status).toBe(409);
    expect((await service.send("PUT", "/v1/state/responses/resp_1", body)).status).toBe(200);
    expect((await service.send("PUT", "/v1/state/responses/resp_2", { response: response("resp_2") })).status).toBe(
      201,
    );
    const wrong = await service.send("PUT", "/v1/state/responses/resp_3", body);
    expect(wrong).toMatchObject({ status: 400, body: { error: { param: "response.id" } } });
  });

  test("a recording that is repeated with one Idempotency-Key is stored once", async () => {
    await using service = await runningService();
    const body = { response: response("resp_1"), input: "hello" };
    const key = { "idempotency-key": "turn-1" };
    const first = await service.send("POST", "/v1/state/responses", body, key);
    await service.restart();
    const again = await service.send("POST", "/v1/state/responses", body, key);
    expect(again).toMatchObject({ status: 201, body: { id: "resp_1", revision: 1 } });
    expect(again.body).toEqual(first.body);
  });

  test("R2: a chain is returned with its instructions and its gap, and refused when strict", async () => {
    await using service = await runningService();
    for (const turn of [1, 2, 3]) {
      const previous_response_id = turn === 1 ? null : `resp_${turn - 1}`;
      const recorded = response(`resp_${turn}`, { previous_response_id, instructions: turn === 2 ? "be brief" : null });
      await service.send("POST", "/v1/state/responses", { response: recorded, input: `q${turn}` });
    }
    const whole = await service.send("GET", "/v1/state/responses/resp_3/chain?strict=true");
    expect(whole.body).toMatchObject({
      data: [{ id: "resp_1" }, { id: "resp_2" }, { id: "resp_3" }],
      complete: true,
      broken: null,
      instructions: "be brief",
    });
    await service.send("DELETE", "/v1/state/responses/resp_2");
    const gap = await service.send("GET", "/v1/state/responses/resp_3/chain");
    expect(gap.body).toMatchObject({
      data: [{ id: "resp_3" }],
      complete: false,
      broken: { id: "resp_2", reason: "deleted" },
    });
    const strict = await service.send("GET", "/v1/state/responses/resp_3/chain?strict=true");
    expect(strict).toMatchObject({
      status: 400,
      body: { error: { code: "previous_response_not_found", param: "previous_response_id" } },
    });
    expect((await service.send("GET", "/v1/state/responses/resp_2/chain")).status).toBe(404);
  });

  test("R4: the list walks with limit 1, both ways", async () => {
    await using service = await runningService();
    const ids = ["resp_1", "resp_2", "resp_3"];
    for (const id of ids) await service.send("POST", "/v1/state/responses", { response: response(id) });
    for (const order of ["asc", "desc"]) {
      const seen: string[] = [];
      for (let after = ""; ;) {
        const page = await service.send(
          "GET",
          `/v1/state/responses?limit=1&order=${order}${after && `&after=${after}`}`,
        );
        const { data, has_more, last_id } = page.body as { data: { id: string }[]; has_more: boolean; last_id: string };
        seen.push(...data.map(({ id }) => id));
        if (!has_more) break;
        after = last_id;
      }
      expect(seen).toEqual(order === "asc" ? ids : [...ids].reverse());
    }
  });

  test("R8: a write that can not be acknowledged is an error, never an id", async () => {
    await using service = await runningService();
    await service.state.close();
    const reply = await service.send("POST", "/v1/state/responses", { response: response("resp_1") });
    expect(reply).toMatchObject({ status: 503, body: { error: { code: "closed", type: "server_error" } } });
    await service.restart();
    expect((await service.send("GET", "/v1/responses/resp_1")).status).toBe(404);
  });

  test("R16: the owner header limits what is seen and changed", async () => {
    await using service = await runningService();
    const alice = { "holdfast-owner": "alice" };
    await service.send("POST", "/v1/state/responses", { response: response("resp_1") }, alice);
    expect((await service.send("GET", "/v1/responses/resp_1", undefined, alice)).status).toBe(200);
    for (const [method, path] of [
      ["GET", "/v1/responses/resp_1"],
      ["GET", "/v1/responses/resp_1/input_items"],
      ["DELETE", "/v1/responses/resp_1"],
      ["GET", "/v1/state/responses/resp_1/chain"],
    ] as const) {
      expect((await service.send(method, path, undefined, { "holdfast-owner": "bob" })).status).toBe(404);
    }
    const both = await service.send(
      "POST",
      "/v1/state/responses",
      { response: response("resp_2"), owner: "bob" },
      alice,
    );
    expect(both).toMatchObject({ status: 400, body: { error: { param: "owner" } } });
  });
});

async function requestCount({ send }: { send: Awaited<ReturnType<typeof runningService>>["send"] }): Promise<number> {
  const { body } = await send("GET", "/metrics");
  const line = /^holdfast_http_request_duration_seconds_count\{[^}]*method="POST"[^}]*status="409"[^}]*\} (\d+)$/m.exec(
    String(body),
  );
  return Number(line?.[1] ?? 0);
}
