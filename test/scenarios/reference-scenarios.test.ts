import { join } from "node:path";
import OpenAI, { toFile } from "openai";
import { describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { runCli } from "../cli/cli-process.js";
import { RouterProcess } from "../drill/router-process.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { startedService } from "./service-process.js";

const routerProgram = fileURLToPath(new URL("../../build/examples/router/main.js", import.meta.url));

/**
 * The four restart scenarios of the reference's own end-to-end tests, with SIGKILL for its orderly pod deletion, and
 * equal content where it compares ids.
 */
describe("the reference's restart scenarios", () => {
  test("response-api-restart-recovery: a response is the same, goes on, and keeps its input", async () => {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, "state");
    const first = new RouterProcess(routerProgram, directory);
    const clientOf = async (router: RouterProcess): Promise<OpenAI> => {
      const { announcement } = await router.hear("ready");
      return new OpenAI({ baseURL: `http://127.0.0.1:${announcement.port}/v1`, apiKey: "scenario", maxRetries: 0 });
    };
    let second: RouterProcess | undefined;
    try {
      let client = await clientOf(first);
      const created = await client.responses.create({
        model: "any",
        input: "What was decided?",
        instructions: "Answer in one sentence.",
        metadata: { ticket: "1608" },
        store: true,
      });
      expect(created.id).toMatch(/^resp_/);
      const items = (await client.responses.inputItems.list(created.id)).data;
      await first.kill();

      second = new RouterProcess(routerProgram, directory);
      client = await clientOf(second);
      const { output_text: text, ...stored } = await client.responses.retrieve(created.id);
      const { output_text: createdText, ...acknowledged } = created;
      expect(stored).toEqual(acknowledged);
      expect(text).toBe(createdText);
      expect((await client.responses.inputItems.list(created.id)).data).toEqual(items);
      const next = await client.responses.create({
        model: "any",
        input: "And then?",
        previous_response_id: created.id,
      });
      expect(next.previous_response_id).toBe(created.id);
      // The local upstream numbers the messages it was sent: both turns of the history and the new one.
      expect(next.output_text).toContain("message 3 of history");
    } finally {
      first.end();
      second?.end();
    }
  });

  test("router-replay-restart-recovery: a record is the same, and so are the totals", async () => {
    await using started = await startedService();
    const { service } = started;
    const added = await service.ask("POST", "/v1/router_replay", {
      record: {
        session_id: "session-1",
        request_id: "request-1",
        decision: "math",
        original_model: "auto",
        selected_model: "model-a",
        request_body: '{"messages":[{"role":"user","content":"What is 2 + 2?"}]}',
        signals: { domain: ["math"] },
      },
    });
    const id = String(added["id"]);
    await service.ask("PATCH", `/v1/router_replay/${id}`, {
      status: { response_status: 200 },
      response: { body: '{"choices":[{"message":{"role":"assistant","content":"4"}}]}' },
      usage: {
        prompt_tokens: 12,
        completion_tokens: 1,
        total_tokens: 13,
        actual_cost: 0.5,
        baseline_cost: 2,
        cost_savings: 1.5,
        currency: "USD",
      },
      finish: { state: "completed", reason: "response_complete" },
    });
    const paths = [
      `/v1/router_replay/${id}`,
      "/v1/router_replay?limit=1&showDetails=true",
      "/v1/router_replay?session_id=session-1",
      "/v1/router_replay/aggregate",
      "/v1/router_replay/trajectory?session_id=session-1",
    ];
    const before = await Promise.all(paths.map((path) => service.ask("GET", path)));
    expect(before[0]).toMatchObject({ id, session_id: "session-1", lifecycle_state: "completed", total_tokens: 13 });
    expect(before[3]).toMatchObject({ record_count: 1, lifecycle: { completed: 1, in_progress: 0 } });
    await service.killAndRestart();
    expect(await Promise.all(paths.map((path) => service.ask("GET", path)))).toEqual(before);
  });

  test("vectorstore-registry-restart-recovery: store, file, bytes, attachment and counts are the same", async () => {
    await using started = await startedService();
    const { service } = started;
    const text = "Holdfast keeps what it acknowledged.\n".repeat(50);
    const file = await service.client.files.create({
      file: await toFile(Buffer.from(text), "notes.txt"),
      purpose: "assistants",
    });
    const store = await service.client.vectorStores.create({ name: "notes", metadata: { team: "routing" } });
    const attached = await service.client.vectorStores.files.createAndPoll(store.id, { file_id: file.id });
    expect(attached.status).toBe("completed");
    const before = await service.client.vectorStores.retrieve(store.id);
    expect(before.file_counts).toEqual({ in_progress: 0, completed: 1, failed: 0, cancelled: 0, total: 1 });
    await service.killAndRestart();

    const { client } = service;
    expect(await client.vectorStores.retrieve(store.id)).toEqual(before);
    expect(await client.files.retrieve(file.id)).toEqual(file);
    expect(await (await client.files.content(file.id)).text()).toBe(text);
    expect((await client.vectorStores.files.list(store.id)).data).toEqual([attached]);
  });

  test("dashboard-restart-recovery: a row of a user's own collection is the same", async () => {
    await using started = await startedService();
    const { service } = started;
    const row = { name: "search", transport: "http", url: "http://127.0.0.1:9000/mcp", enabled: true };
    await service.kill();
    const options = { in: service.folder };
    const put = await runCli(["put", "mcp_servers", "mcp_1", JSON.stringify(row), "--create"], options);
    expect(put.code).toBe(0);
    await service.start();
    await service.killAndRestart();
    const got = await runCli(["get", "mcp_servers", "mcp_1", "--json"], options);
    expect(JSON.parse(got.stdout)).toMatchObject({ id: "mcp_1", revision: 1, body: row });
    const verified = await runCli(["verify", "--json"], options);
    expect(verified.code).toBe(0);
  });
});
