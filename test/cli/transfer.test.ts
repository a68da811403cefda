import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow } from "../support/directory-fingerprint.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { runCli, startCli, valuesOf } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

async function fill(folder: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) await runCli(["put", "notes", id, `{"text":"note ${id}"}`, "--create"], { in: folder });
}

describe("backup and restore", () => {
  test("carry a directory over, also beside the service that owns it", async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ["a", "b"]);
    await using service = startCli(["serve", "--port", "0", "--json"], { in: folder.path });
    await service.until((stdout) => stdout.includes('"listening"'));
    const backup = await runCli(["backup", "--to", "backup", "--json"], { in: folder.path });
    expect({ code: backup.code, stderr: backup.stderr }).toEqual({ code: 0, stderr: "" });
    const report = JSON.parse(backup.stdout) as { sequence: number; documents: Record<string, number> };
    expect(report.documents["notes"]).toBe(2);

    const restore = await runCli(["restore", "--from", "backup", "--directory", "restored", "--json"], {
      in: folder.path,
    });
    expect({ code: restore.code, stderr: restore.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(restore.stdout)).toMatchObject({
      recovery: { outcome: "clean", lastSequence: report.sequence },
      verification: { ok: true },
    });
    expect((await runCli(["verify", "--directory", "restored"], { in: folder.path })).code).toBe(0);
    const found = await runCli(["get", "notes", "b", "--directory", "restored", "--json"], { in: folder.path });
    expect(JSON.parse(found.stdout)).toMatchObject({ revision: 1, body: { text: "note b" } });
    const again = await runCli(["restore", "--from", "backup", "--directory", "restored"], { in: folder.path });
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/is not empty/);
  });

  test("refuse what is damaged with 4, naming each file", async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ["a", "b"]);
    expect((await runCli(["backup", "--to", "backup"], { in: folder.path })).stdout).toMatch(/as of commit \d+/);
    const [first = "", second = ""] = await filesBelow(join(folder.path, "backup", "collections", "notes"), /\.json$/);
    await flipByteWithin(first, "note");
    await rm(second);
    const refused = await runCli(["restore", "--from", "backup", "--directory", "restored"], { in: folder.path });
    expect(refused.code).toBe(4);
    for (const path of [first, second]) expect(refused.stderr).toContain(path.slice(path.indexOf("collections/")));
    await rm(join(folder.path, "backup", "backup.json"));
    const incomplete = await runCli(["restore", "--from", "backup", "--directory", "restored"], { in: folder.path });
    expect({ code: incomplete.code, stderr: incomplete.stderr }).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("not a complete backup") as string,
    });
    expect((await readdir(folder.path)).sort()).toEqual(["backup", "state"]);
  });
});

describe("export and import", () => {
  test("carry documents over, through files and through a pipe", async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ["a", "b", "c"]);
    const exported = await runCli(["export", "--to", "state.jsonl", "--json"], { in: folder.path });
    expect(exported.code).toBe(0);
    expect(JSON.parse(exported.stdout)).toMatchObject({ documents: { notes: 3 }, damage: [] });
    const taken = await runCli(["export", "--to", "state.jsonl"], { in: folder.path });
    expect(taken.code).toBe(1);

    const piped = await runCli(["export", "--collection", "notes"], { in: folder.path });
    expect(piped.stderr).toMatch(/^3 documents, .* as of commit \d+\n$/);
    const lines = valuesOf(piped.stdout) as { id?: string }[];
    expect(lines.slice(1, -1).map(({ id }) => id)).toEqual(["a", "b", "c"]);

    const into = ["--directory", "other"];
    const dry = await runCli(["import", "state.jsonl", "--dry-run", "--json", ...into], { in: folder.path });
    // It says what it would do of a directory that is there; it makes none.
    expect(dry.code).toBe(2);
    const imported = await runCli(["import", ...into, "--json"], { in: folder.path, input: piped.stdout });
    expect({ code: imported.code, stderr: imported.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(imported.stdout)).toMatchObject({ written: { notes: 3 }, reconciled: [] });
    const again = await runCli(["import", "state.jsonl", ...into], { in: folder.path });
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/ALREADY_EXISTS: 3 of the documents are there already/);
    const skipping = await runCli(["import", "state.jsonl", "--skip-existing", ...into], { in: folder.path });
    expect(skipping.stdout).toMatch(/0 documents written; 3 documents there already/);

    const text = await readFile(join(folder.path, "state.jsonl"), "utf8");
    await writeFile(join(folder.path, "cut.jsonl"), text.slice(0, -200));
    const cut = await runCli(["import", "cut.jsonl", "--replace", ...into], { in: folder.path });
    expect(cut.code).toBe(4);
    expect(cut.stderr).toMatch(/was cut off/);
    const both = await runCli(["import", "state.jsonl", "--replace", "--skip-existing"], { in: folder.path });
    expect(both.code).toBe(2);
    expect((await runCli(["import", "missing.jsonl"], { in: folder.path })).code).toBe(2);
  });

  test("go on after an import was killed: everything is there once", async () => {
    await using folder = await temporaryFolder();
    const count = 3_000;
    const values = Array.from({ length: count }, (_, index) => ({
      key: `sr:response:resp_${index}`,
      value: {
        id: `resp_${index}`,
        created_at: index,
        model: "m",
        status: "completed",
        input: [{ role: "user", content: `question ${index}` }],
        output: [{ type: "message", role: "assistant", content: [] }],
        conversation_id: `conv_${index % 10}`,
        ttl: "0001-01-01T00:00:00Z",
      },
    }));
    await writeFile(join(folder.path, "dump.jsonl"), values.map((value) => `${JSON.stringify(value)}\n`).join(""));
    const killed = startCli(["import", "dump.jsonl", "--from", "redis"], { in: folder.path });
    // Until it has begun to write.
    for (;;) {
      const listed = await runCli(["ls", "--json"], { in: folder.path });
      const found = valuesOf(listed.stdout) as { name: string; documents: number }[];
      if (found.some(({ name, documents }) => name === "responses" && documents > 0)) break;
      if (killed.child.exitCode !== null) break;
    }
    killed.kill("SIGKILL");
    await killed.ended;
    // On a quick machine it may have been through before it was killed: what is there then is skipped, too.
    const again = ["import", "dump.jsonl", "--from", "redis", "--skip-existing", "--json"];
    const resumed = await runCli(again, { in: folder.path });
    expect(resumed.code).toBe(0);
    const report = JSON.parse(resumed.stdout) as { written: Record<string, number>; skipped: number };
    expect(report.skipped).toBeGreaterThan(0);
    expect((report.written["responses"] ?? 0) + report.skipped).toBe(count);
    const listed = await runCli(["ls", "--json"], { in: folder.path });
    const counts = new Map(
      (valuesOf(listed.stdout) as { name: string; documents: number }[]).map(({ name, documents }) => [
        name,
        documents,
      ]),
    );
    expect(counts.get("responses")).toBe(count);
    expect(counts.get("conversations")).toBe(10);
    expect(counts.get("conversation_items")).toBe(count * 2);
    expect(counts.get("imports") ?? 0).toBe(0);
  });

  test("bring the reference's responses in, which are then served", async () => {
    await using folder = await temporaryFolder();
    const value = {
      id: "resp_0123456789abcdef01234567",
      object: "response",
      created_at: 1_760_000_000,
      model: "model-a",
      status: "completed",
      input: [{ type: "message", role: "user", content: "hello" }],
      output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "good day" }] }],
      output_text: "good day",
      conversation_id: "conv_0123456789abcdef01234567",
      ttl: "0001-01-01T00:00:00Z",
    };
    const dump = `${JSON.stringify({ key: `sr:response:${value.id}`, value: JSON.stringify(value) })}\n`;
    const imported = await runCli(["import", "--from", "redis"], { in: folder.path, input: dump });
    expect(imported.stdout).toMatch(/2 documents written/);
    await using service = startCli(["serve", "--port", "0", "--json"], { in: folder.path });
    await service.until((stdout) => stdout.includes('"listening"'));
    const listening = service.values.find((event) => (event as { event: string }).event === "listening") as {
      url: string;
    };
    const answer = await fetch(new URL(`/v1/responses/${value.id}`, listening.url));
    const { id, created_at, model, status, output } = value;
    expect(await answer.json()).toMatchObject({
      id,
      created_at,
      model,
      status,
      output,
      conversation: { id: value.conversation_id },
    });
    const items = await fetch(new URL(`/v1/responses/${value.id}/input_items`, listening.url));
    expect(await items.json()).toMatchObject({ data: [{ role: "user", content: [{ text: "hello" }] }] });
  });
});
