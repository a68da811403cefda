import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCollection, openStateDirectory } from "../../src/index.js";
import { runCli, startCli, valuesOf } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

const program = new URL("../../dist/cli/main.js", import.meta.url).pathname;

interface ErrorOutput {
  readonly error: { readonly code: string; readonly details: Record<string, unknown> };
}

function errorOf(stderr: string): ErrorOutput["error"] {
  return (JSON.parse(stderr) as ErrorOutput).error;
}

describe("put and get", () => {
  test("a document given as an argument, on standard input, or as -", async () => {
    await using folder = await temporaryFolder();
    const options = { in: folder.path };
    const created = await runCli(["put", "notes", "n1", '{"text":"one"}', "--create", "--json"], options);
    expect(created).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(created.stdout)).toMatchObject({ collection: "notes", id: "n1", revision: 1 });

    const replaced = await runCli(["put", "notes", "n1"], { ...options, input: '{"text":"zwö"}\n' });
    expect(replaced).toMatchObject({ code: 0 });
    expect(replaced.stdout).toMatch(/^notes\/n1: revision 2, sequence \d+\n$/);

    expect(await runCli(["put", "notes", "n2", "-"], { ...options, input: '"text"' })).toMatchObject({ code: 0 });

    const json = await runCli(["get", "notes", "n1", "--json"], options);
    expect(JSON.parse(json.stdout)).toMatchObject({
      collection: "notes",
      id: "n1",
      revision: 2,
      body: { text: "zwö" },
    });
    const text = await runCli(["get", "notes", "n1"], options);
    expect(text.stdout).toMatch(/^notes\/n1: revision 2, updated .*\n\{\n {2}"text": "zwö"\n\}\n$/);
  });

  test("a body is refused if it is not JSON, not UTF-8 or too large, and nothing is begun", async () => {
    await using folder = await temporaryFolder();
    const put = ["put", "notes", "n1", "--create", "--json"];
    const options = { in: folder.path, environment: { HOLDFAST_LIMITS_DOCUMENT_BYTES: "2000" } };
    for (const [input, code] of [
      ["{", "INVALID_DOCUMENT"],
      ["", "INVALID_DOCUMENT"],
      [Buffer.from([0x22, 0xff, 0x22]), "INVALID_DOCUMENT"],
      [JSON.stringify("x".repeat(3000)), "DOCUMENT_TOO_LARGE"],
    ] as const) {
      const result = await runCli(put, { ...options, input });
      expect({ code: result.code, error: errorOf(result.stderr).code }).toEqual({ code: 2, error: code });
    }
    expect((await runCli(["ls"], options)).code).not.toBe(0);
  });

  test("--if-revision writes only over the revision it names", async () => {
    await using folder = await temporaryFolder();
    const put = async (revision: number): Promise<{ code: number | null; error: string | undefined }> => {
      const given = ["put", "notes", "n1", "{}", "--create", "--json", "--if-revision", String(revision)];
      const { code, stderr } = await runCli(given, { in: folder.path });
      return { code, error: stderr === "" ? undefined : errorOf(stderr).code };
    };
    expect(await put(1)).toEqual({ code: 1, error: "REVISION_CONFLICT" });
    expect(await put(0)).toEqual({ code: 0, error: undefined });
    expect(await put(0)).toEqual({ code: 1, error: "REVISION_CONFLICT" });
    expect(await put(1)).toEqual({ code: 0, error: undefined });
  });

  test("a misspelled collection is not begun without --create", async () => {
    await using folder = await temporaryFolder();
    await runCli(["put", "notes", "n1", "{}", "--create"], { in: folder.path });
    const { code, stderr } = await runCli(["put", "nots", "n1", "{}"], { in: folder.path });
    expect(code).toBe(1);
    expect(stderr).toContain('There is no collection "nots"');
    expect(stderr).toContain("Did you mean notes?");
    expect(stderr).toContain("--create");
    expect((await runCli(["ls", "nots"], { in: folder.path })).code).toBe(1);
  });

  test("a body of a built-in kind is checked against it", async () => {
    await using folder = await temporaryFolder();
    const given = ["put", "responses", "resp_1", '{"nonsense":true}', "--create", "--json"];
    const { code, stderr } = await runCli(given, { in: folder.path });
    expect(code).toBe(2);
    expect(errorOf(stderr).code).toBe("INVALID_DOCUMENT");
  });

  test("a body of a kind that only its program knows keeps the schema version it has there", async () => {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, "state");
    const notes = defineCollection({
      name: "notes",
      version: 2,
      schema: z.looseObject({ title: z.string() }),
      migrations: { 1: (body) => ({ ...(body as object), title: "none" }) },
    });
    {
      await using state = await openStateDirectory({ directory, collections: [notes] });
      await state.collection(notes).insert("n1", { title: "first" });
    }
    expect(await runCli(["put", "notes", "n1", '{"title":"second"}'], { in: folder.path })).toMatchObject({ code: 0 });
    await using state = await openStateDirectory({ directory, collections: [notes] });
    // As version 1 it would have come back through the migration.
    expect(await state.collection(notes).get("n1")).toMatchObject({ revision: 2, body: { title: "second" } });
  });

  test("what is not there is told apart from a failure", async () => {
    await using folder = await temporaryFolder();
    await runCli(["put", "notes", "n1", "{}", "--create"], { in: folder.path });
    for (const given of [
      ["get", "notes", "n2"],
      ["get", "nothing", "n1"],
      ["delete", "notes", "n2"],
    ]) {
      const { code, stderr } = await runCli([...given, "--json"], { in: folder.path });
      expect({ given, code, error: errorOf(stderr).code }).toEqual({ given, code: 1, error: "NOT_FOUND" });
    }
    const { code, stderr } = await runCli(["get", "notes", "x".repeat(300), "--json"], { in: folder.path });
    expect({ code, error: errorOf(stderr).code }).toEqual({ code: 2, error: "INVALID_ID" });
  });

  test("a mistyped directory is not created by looking, deleting or recovering", async () => {
    await using folder = await temporaryFolder();
    for (const given of [
      ["ls"],
      ["get", "notes", "n1"],
      ["delete", "notes", "n1"],
      ["recover"],
      ["put", "notes", "n1", "{}"],
    ]) {
      const result = await runCli([...given, "--directory", "nowhere"], { in: folder.path });
      expect({ given, code: result.code }).toEqual({ given, code: 2 });
      expect(result.stderr).toContain("nowhere");
    }
    const verified = await runCli(["verify", "--directory", "nowhere"], { in: folder.path });
    expect(verified.code).not.toBe(0);
    expect((await runCli(["ls"], { in: folder.path })).code).toBe(2);
  });
});

describe("ls", () => {
  test("lists collections with their counts, and documents in the order of creation", async () => {
    await using folder = await temporaryFolder();
    for (const id of ["b", "a", "c"]) await runCli(["put", "notes", id, "{}", "--create"], { in: folder.path });
    await runCli(["put", "notes", "a", "{}"], { in: folder.path });

    const collections = await runCli(["ls", "--json"], { in: folder.path });
    expect(valuesOf(collections.stdout)).toContainEqual({ name: "notes", documents: 3 });
    expect((await runCli(["ls"], { in: folder.path })).stdout).toMatch(/^notes +3$/m);

    const documents = await runCli(["ls", "notes", "--json"], { in: folder.path });
    expect(valuesOf(documents.stdout)).toMatchObject([
      { id: "b", revision: 1 },
      { id: "a", revision: 2 },
      { id: "c", revision: 1 },
    ]);
    expect(valuesOf(documents.stdout).every((head) => !("body" in (head as object)))).toBe(true);
    expect((await runCli(["ls", "notes"], { in: folder.path })).stdout).toMatch(
      /^ID +REVISION +UPDATED +EXPIRES\nb +1 .*\na +2 /,
    );
  });

  test("does not let an id drive the terminal", async () => {
    await using folder = await temporaryFolder();
    await runCli(["put", "notes", "a\u009b2J", "{}", "--create"], { in: folder.path });
    for (const given of [["ls", "notes"], ["ls", "notes", "--json"], ["get", "notes", "a\u009b2J"], ["changes"]]) {
      const { stdout, code } = await runCli(given, { in: folder.path });
      expect(code).toBe(0);
      expect(stdout).toContain("a\\u009b2J");
      expect(stdout).not.toContain("\u009b");
    }
  });
});

describe("a result", () => {
  test.skipIf(process.platform !== "linux")("that could not be written is a failure", async () => {
    await using folder = await temporaryFolder();
    const shell = spawn("bash", ["-c", `"$0" "$1" config > /dev/full`, process.execPath, program], {
      cwd: folder.path,
    });
    let errors = "";
    shell.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    expect(await once(shell, "close")).toEqual([1, null]);
    expect(errors).toMatch(/^holdfast: the result could not be written: ENOSPC.*\n$/);
  });
});

describe("delete", () => {
  test("deletes what is there, at the revision it names", async () => {
    await using folder = await temporaryFolder();
    await runCli(["put", "notes", "n1", "{}", "--create"], { in: folder.path });
    expect((await runCli(["delete", "notes", "n1", "--if-revision", "7"], { in: folder.path })).code).toBe(1);
    const deleted = await runCli(["delete", "notes", "n1", "--if-revision", "1", "--json"], { in: folder.path });
    expect(JSON.parse(deleted.stdout)).toEqual({ collection: "notes", id: "n1", deleted: true });
    expect((await runCli(["get", "notes", "n1"], { in: folder.path })).code).toBe(1);
  });
});

describe("changes", () => {
  test("prints what was committed, once and in order, and resumes behind a sequence number", async () => {
    await using folder = await temporaryFolder();
    for (const id of ["a", "b", "c"]) await runCli(["put", "notes", id, "{}", "--create"], { in: folder.path });
    await runCli(["delete", "notes", "b"], { in: folder.path });
    await runCli(["put", "others", "x", "{}", "--create"], { in: folder.path });

    const all = await runCli(["changes", "--collection", "notes", "--json"], { in: folder.path });
    expect(all.code).toBe(0);
    const changes = valuesOf(all.stdout) as { sequence: number; operations: { type: string; id: string }[] }[];
    expect(changes.map(({ operations }) => operations.map(({ type, id }) => `${type} ${id}`).join())).toEqual([
      "put a",
      "put b",
      "put c",
      "delete b",
    ]);
    const [, second, third] = changes.map(({ sequence }) => sequence);
    const rest = await runCli(["changes", "--since", String(second), "--collection", "notes", "--json"], {
      in: folder.path,
    });
    expect((valuesOf(rest.stdout) as { sequence: number }[])[0]?.sequence).toBe(third);
    expect((await runCli(["changes"], { in: folder.path })).stdout).toMatch(/put +notes\/a +revision 1\n/);
  });

  test("--follow goes on with what others commit, until it is interrupted", async () => {
    await using folder = await temporaryFolder();
    await runCli(["put", "notes", "a", "{}", "--create"], { in: folder.path });
    await using following = startCli(["changes", "--follow", "--since", "0", "--collection", "notes", "--json"], {
      in: folder.path,
    });
    await following.until((stdout) => stdout.includes('"id":"a"'));
    await runCli(["put", "notes", "b", "{}"], { in: folder.path });
    await following.until((stdout) => stdout.includes('"id":"b"'));
    following.kill("SIGINT");
    expect(await following.ended).toMatchObject({ code: 0, stderr: "" });
    const sequences = (following.values as { sequence: number }[]).map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((left, right) => left - right));
  });

  test("ends quietly when its reader goes away", async () => {
    await using folder = await temporaryFolder();
    for (const id of ["a", "b", "c"]) await runCli(["put", "notes", id, "{}", "--create"], { in: folder.path });
    const pipeline = `"$0" "$1" changes --follow --since 0 --collection notes | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const shell = spawn("bash", ["-c", pipeline, process.execPath, program], { cwd: folder.path });
    let output = "";
    shell.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    shell.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    const closed = once(shell, "close");
    // The follower learns that nobody reads when it next has something to say.
    while (shell.exitCode === null) {
      await runCli(["put", "notes", "again", "{}"], { in: folder.path });
    }
    await closed;
    expect(output).toMatch(/^.*notes\/a .*\n0\n$/);
  });
});
