import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli, startCli, valuesOf } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

interface Recovery {
  readonly outcome: string;
  readonly journal: { readonly replayed: number };
  readonly damage: { readonly file: string }[];
}

/** A directory with documents that a clean close has checkpointed into files of their own. */
async function filled(folder: string): Promise<string> {
  const directory = join(folder, "state");
  for (const id of ["n1", "n2", "n3"]) {
    await runCli(["put", "notes", id, JSON.stringify({ text: `note ${id}` }), "--create"], { in: folder });
  }
  return directory;
}

/** Changes one byte in the middle of the text that is looked for. */
async function damage(path: string, text: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.indexOf(text) + Math.floor(text.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(path, bytes);
}

async function documentFile(directory: string, id: string): Promise<string> {
  const root = join(directory, "collections", "notes", "documents");
  for (const entry of await readdir(root, { recursive: true })) {
    if (entry.endsWith(`${id}.json`)) return join(root, entry);
  }
  throw new Error(`no file of ${id} below ${root}`);
}

describe("verify", () => {
  test("finds a sound directory sound", async () => {
    await using folder = await temporaryFolder();
    await filled(folder.path);
    const text = await runCli(["verify"], { in: folder.path });
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/^sound \(/m);
    const { stdout } = await runCli(["verify", "--json"], { in: folder.path });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  });

  test("ends with 4 and names the file that is damaged, changing nothing", async () => {
    await using folder = await temporaryFolder();
    const directory = await filled(folder.path);
    const path = await documentFile(directory, "n2");
    await damage(path, "note n2");
    const before = await readFile(path);
    const text = await runCli(["verify"], { in: folder.path });
    expect(text.code).toBe(4);
    expect(text.stdout).toContain("n2.json");
    expect(text.stdout).toMatch(/^damaged: 1 finding /m);
    const json = await runCli(["verify", "--json"], { in: folder.path });
    expect(json.code).toBe(4);
    const { ok, findings } = JSON.parse(json.stdout) as { ok: boolean; findings: { file: string; severity: string }[] };
    expect(ok).toBe(false);
    expect(findings.filter(({ severity }) => severity === "damage").map(({ file }) => join(directory, file))).toEqual([
      path,
    ]);
    expect(await readFile(path)).toEqual(before);
  });
});

describe("recover", () => {
  test("of a directory in order tells so", async () => {
    await using folder = await temporaryFolder();
    await filled(folder.path);
    const { code, stdout } = await runCli(["recover"], { in: folder.path });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Recovery +clean: /m);
    expect(stdout).toMatch(/^Lost +nothing$/m);
  });

  test("replays what a killed process had acknowledged", async () => {
    await using folder = await temporaryFolder();
    await using serving = startCli(["serve", "--port", "0", "--json"], { in: folder.path });
    await serving.until((stdout) => stdout.includes('"event":"listening"'));
    const { url } = valuesOf(serving.stdout).at(-1) as { url: string };
    const response = await fetch(new URL("/v1/conversations", url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ metadata: { topic: "kept" } }),
    });
    expect(response.status).toBe(200);
    const { id } = (await response.json()) as { id: string };
    serving.kill("SIGKILL");
    await serving.ended;

    const { code, stdout } = await runCli(["recover", "--json"], { in: folder.path });
    expect(code).toBe(0);
    const recovery = JSON.parse(stdout) as Recovery;
    expect(recovery.outcome).toBe("recovered");
    expect(recovery.journal.replayed).toBeGreaterThan(0);
    const found = await runCli(["get", "conversations", id, "--json"], { in: folder.path });
    expect(JSON.parse(found.stdout)).toMatchObject({ id, body: { conversation: { metadata: { topic: "kept" } } } });
  });

  test("ends with 4 if acknowledged data is missing, and lists it", async () => {
    await using folder = await temporaryFolder();
    const directory = await filled(folder.path);
    await damage(await documentFile(directory, "n2"), "note n2");
    // Without the journal there is no other copy of it.
    for (const name of await readdir(join(directory, "journal"))) await writeFile(join(directory, "journal", name), "");
    const copy = join(folder.path, "copy");
    await cp(directory, copy, { recursive: true });

    const json = await runCli(["recover", "--json"], { in: folder.path });
    expect(json.code).toBe(4);
    const recovery = JSON.parse(json.stdout) as Recovery;
    expect(recovery.outcome).toBe("degraded");
    expect(recovery.damage.map(({ file }) => file).join()).toContain("n2.json");

    const text = await runCli(["recover", "--directory", "copy"], { in: folder.path });
    expect(text.code).toBe(4);
    expect(text.stdout).toMatch(/^Recovery +degraded: /m);
    expect(text.stdout).toContain("n2.json");
  });
});
