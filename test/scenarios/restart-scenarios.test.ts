import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { toFile } from "openai";
import { describe, expect, test } from "vitest";
import { openStateDirectory, type StateDirectory } from "../../src/open-state-directory.js";
import { readStartupStatus } from "../../src/watch/index.js";
import { runCli, startCli } from "../cli/cli-process.js";
import { crashCopy } from "../support/crash-copy.js";
import { mountedDisk } from "../support/small-disk.js";
import { response } from "../surfaces/samples.js";
import { ServiceProcess, startedService } from "./service-process.js";

type Json = Readonly<Record<string, unknown>>;

/** What a client knows: where it was told that something is, and what it was told. */
interface Acknowledged {
  readonly path: string;
  readonly content: Json;
}

/** A request that had no reply when the service died: it is there whole, or not at all. */
interface Unanswered {
  readonly path: string;
  readonly sent: Json;
}

interface Ledger {
  readonly acknowledged: Acknowledged[];
  readonly unanswered: Unanswered[];
}

/** One client each of the surfaces, writing one thing after another until the service is gone. */
async function writeUntilKilled(service: ServiceProcess, life: number, ledger: Ledger): Promise<void> {
  const client = async (write: (number: number) => Promise<void>): Promise<void> => {
    for (let number = 1; ; number += 1) {
      try {
        await write(number);
      } catch (error) {
        if (error instanceof TypeError || (error as { readonly status?: number }).status === undefined) return;
        throw error;
      }
    }
  };
  const record = async (path: string, sent: Json, send: () => Promise<unknown>): Promise<void> => {
    const unanswered = { path, sent };
    ledger.unanswered.push(unanswered);
    await send();
    ledger.unanswered.splice(ledger.unanswered.indexOf(unanswered), 1);
    ledger.acknowledged.push({ path, content: sent });
  };
  const post = async (path: string, body: Json): Promise<Json> => {
    const reply = await service.request("POST", path, body);
    if (reply.status >= 300) throw Object.assign(new Error(reply.text), { status: reply.status });
    return reply.body;
  };
  const openai = service.client;
  await Promise.all([
    client(async (number) => {
      const sent = response(`resp_scenario_${life}_${number}`);
      await record(`/v1/responses/${sent.id}`, sent, () =>
        post("/v1/state/responses", { response: sent, input: "hello" }),
      );
    }),
    client(async (number) => {
      const sent = {
        id: `${life}${number.toString(16).padStart(31, "0")}`,
        session_id: "s",
        prompt: `question ${number}`,
      };
      await record(`/v1/router_replay/${sent.id}`, sent, () => post("/v1/router_replay", { record: sent }));
    }),
    client(async () => {
      const { id, ...conversation } = await post("/v1/conversations", { metadata: { by: "scenario" } });
      ledger.acknowledged.push({ path: `/v1/conversations/${String(id)}`, content: conversation });
    }),
    client(async (number) => {
      const file = await openai.files.create({
        file: await toFile(Buffer.from(`file ${number}`), `${number}.txt`),
        purpose: "assistants",
      });
      ledger.acknowledged.push({ path: `/v1/files/${file.id}`, content: { ...file } });
      const store = await openai.vectorStores.create({ name: `store ${number}`, file_ids: [file.id] });
      ledger.acknowledged.push({
        path: `/v1/vector_stores/${store.id}/files/${file.id}`,
        content: { id: file.id, vector_store_id: store.id },
      });
    }),
  ]);
}

describe("after SIGKILL", () => {
  test("S1: every acknowledged write is there and equal, every other one whole or not at all", async () => {
    await using started = await startedService();
    const { service } = started;
    const ledger: Ledger = { acknowledged: [], unanswered: [] };
    for (let life = 0; life < 3; life += 1) {
      const before = ledger.acknowledged.length;
      const writing = writeUntilKilled(service, life, ledger);
      await expect.poll(() => ledger.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 60);
      await service.kill();
      await writing;
      await service.start();
      for (const { path, content } of ledger.acknowledged) {
        const reply = await service.request("GET", path);
        expect({ path, status: reply.status }).toEqual({ path, status: 200 });
        expect(reply.body).toMatchObject(content);
      }
      for (const { path, sent } of ledger.unanswered) {
        const reply = await service.request("GET", path);
        if (reply.status === 404) continue;
        expect(reply.status).toBe(200);
        expect(reply.body).toMatchObject(sent);
      }
      // What was left open by the death is known now, and taken as it is.
      for (const { path } of ledger.unanswered.splice(0)) {
        const reply = await service.request("GET", path);
        if (reply.status === 200) ledger.acknowledged.push({ path, content: reply.body });
      }
    }
  }, 90_000);

  test("S2: a chain of responses is as long as before, and a missing link is named", async () => {
    await using started = await startedService();
    const { service } = started;
    const ids = Array.from({ length: 12 }, (_, index) => `resp_chain_${index}`);
    for (const [index, id] of ids.entries()) {
      const previous = index === 0 ? {} : { previous_response_id: ids[index - 1] };
      await service.ask("POST", "/v1/state/responses", { response: response(id, previous), input: `turn ${index}` });
    }
    const chain = (): Promise<Json> => service.ask("GET", `/v1/state/responses/${ids.at(-1) ?? ""}/chain`);
    const before = await chain();
    expect((before["data"] as { id: string }[]).map(({ id }) => id)).toEqual(ids);
    expect(before).toMatchObject({ complete: true });
    await service.killAndRestart();
    expect(await chain()).toEqual(before);

    await service.client.responses.delete(ids[4] ?? "");
    await service.killAndRestart();
    const broken = await chain();
    expect((broken["data"] as { id: string }[]).map(({ id }) => id)).toEqual(ids.slice(5));
    expect(broken).toMatchObject({ complete: false, broken: { id: ids[4], reason: "deleted" } });
  });

  test("S3: records in progress of the dead process are aborted, those of a living recorder are untouched", async () => {
    await using started = await startedService();
    const { service } = started;
    const own = await service.ask("POST", "/v1/router_replay", { record: { request_id: "own" } });
    const remote = await service.ask("POST", "/v1/router_replay", {
      record: { request_id: "remote" },
      recorder: { name: "router-b", run: "run-1" },
    });
    const report = await service.killAndRestart();
    expect(await service.ask("GET", `/v1/router_replay/${String(own["id"])}`)).toMatchObject({
      lifecycle_state: "aborted",
      terminal_reason: "recovered_after_restart",
    });
    expect(await service.ask("GET", `/v1/router_replay/${String(remote["id"])}`)).toMatchObject({
      lifecycle_state: "in_progress",
    });
    expect(report["reconciled"]).toMatchObject([
      { surface: "replay", action: "aborted", reason: "recovered_after_restart", count: 1, ids: [own["id"]] },
    ]);
    expect(JSON.parse(await readFile(join(service.folder, "state", "status", "recovery.json"), "utf8"))).toMatchObject({
      reconciled: report["reconciled"],
    });
    expect(await service.ask("GET", "/v1/router_replay/aggregate")).toMatchObject({
      lifecycle: { aborted: 1, in_progress: 1, completed: 0 },
    });
  });

  test("S4 and S5: counts equal the attachments, and every file record has its bytes", async () => {
    await using started = await startedService();
    const { service } = started;
    const { client } = service;
    const store = await client.vectorStores.create({ name: "counted" });
    // Attachments and deletions side by side, cut off in the middle.
    const work = Promise.allSettled(
      Array.from({ length: 40 }, async (_, number) => {
        const file = await client.files.create({
          file: await toFile(Buffer.alloc(20_000, `${number} `), `${number}.txt`),
          purpose: "assistants",
        });
        await client.vectorStores.files.create(store.id, { file_id: file.id });
        if (number % 3 === 0) await client.files.delete(file.id);
      }),
    );
    await expect
      .poll(async () => (await client.vectorStores.retrieve(store.id)).file_counts.total, {
        timeout: 20_000,
        interval: 5,
      })
      .toBeGreaterThan(5);
    await service.kill();
    await work;
    await service.start();

    const files = [];
    for await (const file of service.client.files.list()) files.push(file);
    for (const file of files) {
      const content = await (await service.client.files.content(file.id)).arrayBuffer();
      expect(content.byteLength).toBe(file.bytes);
      expect(file).toMatchObject({ status: "processed" });
    }
    const attached = [];
    for await (const attachment of service.client.vectorStores.files.list(store.id)) attached.push(attachment);
    const { file_counts: counts } = await service.client.vectorStores.retrieve(store.id);
    expect(counts).toEqual({
      in_progress: 0,
      completed: attached.length,
      failed: 0,
      cancelled: 0,
      total: attached.length,
    });
    const known = new Set(files.map(({ id }) => id));
    expect(attached.filter(({ id }) => !known.has(id))).toEqual([]);
    const verified = await runCli(["verify", "--json"], { in: service.folder });
    expect({ code: verified.code, said: verified.stdout }).toMatchObject({ code: 0 });
  }, 60_000);

  test("S6: the status that a dead process wrote is never believed", async () => {
    await using started = await startedService();
    const { service } = started;
    const directory = join(service.folder, "state");
    expect(await readStartupStatus(directory)).toMatchObject({ phase: "ready", ready: true });
    await service.kill();
    expect(JSON.parse(await readFile(join(directory, "status", "startup.json"), "utf8"))).toMatchObject({
      ready: true,
    });
    expect(await readStartupStatus(directory)).toMatchObject({ phase: "stopped", ready: false, stale: true });
    const waited = await runCli(["wait-ready", "--timeout", "0.2"], { in: service.folder });
    expect(waited.code).toBe(3);
  });

  test("S7: a second process does not get the directory, and takes nothing away", async () => {
    await using started = await startedService();
    const { service } = started;
    await service.ask("POST", "/v1/state/responses", { response: response("resp_kept"), input: "hello" });
    await using second = startCli(["serve", "--port", "0", "--json"], { in: service.folder });
    expect((await second.ended).code).toBe(5);
    expect((await runCli(["put", "notes", "n1", "{}", "--create"], { in: service.folder })).code).toBe(5);
    await service.ask("POST", "/v1/state/responses", { response: response("resp_after"), input: "hello" });
    await service.killAndRestart();
    for (const id of ["resp_kept", "resp_after"])
      expect((await service.request("GET", `/v1/responses/${id}`)).status).toBe(200);
  });

  test("S8: replaying the journal twice changes nothing", async () => {
    await using started = await startedService();
    const { service } = started;
    for (let number = 0; number < 20; number += 1) {
      await service.ask("POST", "/v1/state/responses", { response: response(`resp_${number}`), input: "hello" });
    }
    await service.client.responses.delete("resp_3");
    await service.kill();
    const documentsOf = async (state: StateDirectory): Promise<unknown> =>
      Promise.all(
        state
          .collectionNames()
          .filter((name) => name !== "startup_transitions")
          .map(async (name) => (await state.collectionNamed(name)?.list({ limit: 10_000 }))?.documents),
      );
    const once = join(service.folder, "once");
    const twice = join(service.folder, "twice");
    await crashCopy(join(service.folder, "state"), once);
    await using first = await openStateDirectory({ directory: once, checkpointIdleMs: 3_600_000 });
    expect(first.recovery.journal.replayed).toBeGreaterThan(20);
    // As a crash right after the first replay leaves it: the second replays the same commits again.
    await crashCopy(once, twice);
    await using second = await openStateDirectory({ directory: twice, checkpointIdleMs: 3_600_000 });
    expect(second.recovery.journal.replayed).toBeGreaterThanOrEqual(first.recovery.journal.replayed);
    expect(await documentsOf(second)).toEqual(await documentsOf(first));
    expect(await second.collectionNamed("responses")?.count()).toBe(19);
  });

  test("S9: a full disk is said clearly, and what was there stays readable", async (context) => {
    const disk = await mountedDisk();
    if (disk === undefined) {
      context.skip("mounting a file system is not allowed here; test/store/full-disk.test.ts fills a counted one");
      return;
    }
    await using small = disk;
    const folder = join(small.directory, "..");
    await using service = new ServiceProcess(folder);
    await service.start();
    await service.ask("POST", "/v1/state/responses", { response: response("resp_before"), input: "hello" });
    await small.fill();
    const refused = async (): Promise<Json> => {
      const text = "x".repeat(200_000);
      for (let number = 0; ; number += 1) {
        const body = { response: response(`resp_big_${number}`, { invented_later: text }), input: "hello" };
        const reply = await service.request("POST", "/v1/state/responses", body);
        if (reply.status >= 300) return { status: reply.status, ...reply.body };
      }
    };
    expect(await refused()).toMatchObject({ status: 507, error: { code: "storage_full" } });
    expect((await service.request("GET", "/v1/responses/resp_before")).status).toBe(200);
    expect((await service.request("GET", "/v1/router_replay")).status).toBe(200);
    const upload = await service.client.files
      .create({ file: await toFile(Buffer.alloc(3_000_000, "y"), "big.txt"), purpose: "assistants" })
      .catch((error: unknown) => error);
    expect(upload).toMatchObject({ status: 507 });
    await small.free();
    await expect
      .poll(
        async () =>
          (
            await service.request("PUT", "/v1/state/responses/resp_later", {
              response: response("resp_later"),
              input: "x",
            })
          ).status,
        { timeout: 20_000 },
      )
      .toBeLessThan(300);
  }, 60_000);
});
