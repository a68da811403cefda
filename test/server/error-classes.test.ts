import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { response } from "../surfaces/samples.js";
import { keyOf, keys } from "./keys.js";
import { runningService, type RunningService } from "./running-service.js";

/** A client that asks once: what it retries by itself, it would retry here too. */
function clientOf(service: RunningService, apiKey: string = keyOf.writer): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${service.url}/v1`, maxRetries: 0 });
}

async function errorOf(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof OpenAI.APIError) return error;
  throw new Error("the call was answered, or did not reach the service", { cause: error });
}

describe("the error classes of the official client", () => {
  test("BadRequestError: an id that can not name anything", async () => {
    await using service = await runningService({ keys });
    const error = await errorOf(clientOf(service).responses.retrieve("a/b"));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", code: "invalid_id", param: "id" });
    expect(error.requestID).toMatch(/^req_/);
  });

  test("AuthenticationError: no key of this service", async () => {
    await using service = await runningService({ keys });
    const error = await errorOf(clientOf(service, "sk-of-another-service").responses.retrieve("resp_1"));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, type: "invalid_request_error", code: "invalid_api_key" });
  });

  test("PermissionDeniedError: a key that may not read content", async () => {
    await using service = await runningService({ keys });
    const error = await errorOf(clientOf(service, keyOf.viewer).responses.retrieve("resp_1"));
    expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(error).toMatchObject({ status: 403, type: "permission_error", code: "insufficient_role" });
  });

  test("NotFoundError: nothing of that id", async () => {
    await using service = await runningService({ keys });
    const error = await errorOf(clientOf(service).responses.retrieve("resp_unknown"));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ status: 404, type: "invalid_request_error", code: "not_found" });
  });

  test("ConflictError: an id that is taken", async () => {
    await using service = await runningService({ keys });
    const client = clientOf(service);
    const record = { body: { response: response("resp_1") } };
    await client.post("/state/responses", record);
    const error = await errorOf(client.post("/state/responses", record));
    expect(error).toBeInstanceOf(OpenAI.ConflictError);
    expect(error).toMatchObject({ status: 409, type: "conflict_error", code: "already_exists" });
    expect(error.headers?.get("x-should-retry")).toBe("false");
  });

  test("UnprocessableEntityError: one Idempotency-Key for two different requests", async () => {
    await using service = await runningService({ keys });
    const { conversations } = clientOf(service);
    const idempotent = { headers: { "idempotency-key": "once" } };
    await conversations.create({ metadata: { turn: "1" } }, idempotent);
    const error = await errorOf(conversations.create({ metadata: { turn: "2" } }, idempotent));
    expect(error).toBeInstanceOf(OpenAI.UnprocessableEntityError);
    expect(error).toMatchObject({
      status: 422,
      type: "invalid_request_error",
      code: "idempotency_key_reused",
      param: "idempotency_key",
    });
  });

  test("RateLimitError: more requests than the key may send", async () => {
    await using service = await runningService({ keys, requestsPerMinute: 1 });
    const client = clientOf(service);
    await client.conversations.create({});
    const error = await errorOf(client.conversations.create({}));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" });
    expect(Number(error.headers?.get("retry-after"))).toBeGreaterThanOrEqual(1);
  });

  test("InternalServerError: a document whose bytes are damaged", async () => {
    await using service = await runningService({ keys });
    const client = clientOf(service);
    const text = "the text that rots";
    const { id } = await client.conversations.create({ metadata: { text } });
    // From here on it is read from its file.
    await service.restart();
    await damage(service.directory, text);
    const error = await errorOf(clientOf(service).conversations.retrieve(id));
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 500, type: "server_error", code: "corrupt" });
    expect(error.message).not.toContain("rots");
  });
});

/** Changes a letter in the file of the document that holds the text; its checksum then no longer fits. */
async function damage(directory: string, text: string): Promise<void> {
  const folder = join(directory, "collections", "conversations");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let damaged = 0;
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path, "utf8");
    if (!content.includes(text)) continue;
    await writeFile(path, content.replace(text, text.replace("text", "tent")));
    damaged += 1;
  }
  expect(damaged).toBe(1);
}
