import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { FileSystem } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { sealJson } from "../../src/files/sealed-json.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { fingerprint } from "../support/directory-fingerprint.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { mountedDisk } from "../support/small-disk.js";
import { stateFolder } from "../support/state-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const run = promisify(execFile);
const openAttempt = fileURLToPath(new URL("../../build/test/programs/open-attempt.js", import.meta.url));

describe("a directory that is not ours is never adopted and never cleaned", () => {
  const foreign: readonly [string, Readonly<Record<string, string>>][] = [
    ["of somebody's files", { "notes.txt": "mine", "photos/a.jpg": "x" }],
    ["of a web application", { "manifest.json": '{"name":"app","icons":[]}', "index.html": "<html>" }],
    ["with a manifest that is no JSON", { "manifest.json": "Manifest-Version: 1.0\n" }],
    [
      "with folders named like ours",
      { "journal/today.md": "dear diary", "collections/stamps/1.json": "{}", "status/index.html": "ok" },
    ],
    ["with nothing but a folder named status", { "status/index.html": "ok" }],
    ["with nothing but a folder named epochs", { "epochs/jurassic.txt": "long ago" }],
    ["with a temporary file of somebody's", { "download.tmp": "x" }],
    ["with one hidden file", { ".gitignore": "node_modules" }],
  ];

  test.each(foreign)("%s", async (_what, files) => {
    await using folder = await temporaryFolder();
    await using states = await stateFolder();
    for (const [path, content] of Object.entries(files)) {
      await mkdir(folder.at(path, ".."), { recursive: true });
      await writeFile(folder.at(path), content);
    }
    const before = await fingerprint(folder.path);
    for (const mode of ["writer", "reader"] as const) {
      const error = await rejectionOf(states.open({ directory: folder.path, mode }));
      expect(error).toMatchObject({ code: "INVALID_CONFIG" });
      expect(error.message).toContain(folder.path);
    }
    expect((await rejectionOf(verifyStateDirectory(folder.path))).code).toBe("INVALID_CONFIG");
    expect(await fingerprint(folder.path)).toEqual(before);
  });

  test("but one that is empty, absent, reached by a link, or was begun and not finished is used", async () => {
    await using folder = await temporaryFolder();
    await using states = await stateFolder();
    await mkdir(folder.at("empty"));
    await mkdir(folder.at("begun", "epochs"), { recursive: true });
    await mkdir(folder.at("begun", "status"));
    await writeFile(folder.at("begun", "epochs", "00000001.0123456789ab.tmp"), "{");
    await mkdir(folder.at("volume", "lost+found"), { recursive: true });
    await mkdir(folder.at("target"));
    await symlink(folder.at("target"), folder.at("link"));
    for (const name of ["empty", "absent/deep/down", "begun", "volume", "link"]) {
      const state = await states.open({ directory: folder.at(name) });
      expect(state.recovery.outcome).toBe("created");
      await state.collection(notes).insert("a", { text: "a" });
      await state.close();
    }
    expect((await states.open({ directory: folder.at("target"), mode: "reader" })).directory).toBe(folder.at("target"));
  });

  test("nor is one made where none is wanted, or a file taken for one", async () => {
    await using folder = await temporaryFolder();
    await using states = await stateFolder();
    expect((await rejectionOf(states.open({ directory: folder.at("absent"), create: false }))).code).toBe(
      "INVALID_CONFIG",
    );
    expect((await rejectionOf(states.open({ directory: folder.at("absent"), mode: "reader" }))).code).toBe(
      "INVALID_CONFIG",
    );
    await writeFile(folder.at("file"), "mine");
    expect((await rejectionOf(states.open({ directory: folder.at("file") }))).code).toBe("INVALID_CONFIG");
    expect((await rejectionOf(states.open({ directory: folder.at("file", "below") }))).code).toBe("INVALID_CONFIG");
    expect(await fingerprint(folder.path)).toEqual({ file: expect.any(String) as string });
  });
});

describe("a directory of a newer format is refused and left as it is", () => {
  test.each(["manifest.json", "checkpoint.json"])("by its %s, sealed as today or in another way", async (name) => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await state.collection(notes).insert("a", { text: "a" });
    await state.close();
    const content = JSON.parse(await readFile(folder.at(name), "utf8")) as Record<string, unknown>;
    delete content["checksum"];
    const newer = { ...content, format: 2, compression: "zstd" };
    for (const bytes of [sealJson(newer), Buffer.from(JSON.stringify({ ...newer, digest: "sha256:…" }))]) {
      await writeFile(folder.at(name), bytes);
      const before = await fingerprint(folder.directory);
      const error = await rejectionOf(folder.open());
      expect(error).toMatchObject({ code: "UNSUPPORTED_FORMAT", details: { format: 2, known: 1 } });
      expect(error.message).toContain(name);
      expect((await rejectionOf(folder.open({ mode: "reader" }))).code).toBe("UNSUPPORTED_FORMAT");
      expect((await rejectionOf(verifyStateDirectory(folder.directory))).code).toBe("UNSUPPORTED_FORMAT");
      const after = await fingerprint(folder.directory);
      // A manifest is looked at before the directory is claimed; by the rest nothing of the state is touched.
      if (name === "manifest.json") expect(after).toEqual(before);
      for (const path of Object.keys(before)) {
        if (/^(manifest|checkpoint|collections|journal)/.test(path)) expect(after[path]).toBe(before[path]);
      }
    }
  });
});

describe("where this process may not write", () => {
  /** As somebody who owns nothing. */
  async function attemptAsNobody(
    directory: string,
    mode: "writer" | "reader",
  ): Promise<{ code?: string; message?: string }> {
    const { stdout } = await run(process.execPath, [openAttempt, directory, mode], {
      uid: 65534,
      gid: 65534,
      cwd: "/",
    });
    return JSON.parse(stdout) as { code?: string; message?: string };
  }

  test.skipIf(process.getuid?.() !== 0)("for want of permission, it says so, and nothing is changed", async () => {
    await using folder = await temporaryFolder();
    await using states = await stateFolder();
    await chmod(folder.path, 0o755);
    const state = await states.open({ directory: folder.at("state") });
    await state.collection(notes).insert("a", { text: "a" });
    await state.close();
    await mkdir(folder.at("open"), { mode: 0o755 });
    const before = await fingerprint(folder.path);
    for (const directory of [folder.at("state"), folder.at("open"), folder.at("new")]) {
      const { code, message } = await attemptAsNobody(directory, "writer");
      expect(code).toBe("INVALID_CONFIG");
      expect(message).toMatch(/permission/);
      expect(message).toContain(directory);
    }
    expect((await attemptAsNobody(folder.at("state"), "reader")).code).toBe("INVALID_CONFIG");
    expect(await fingerprint(folder.path)).toEqual(before);

    // A directory that can be entered, with one file that can not be read.
    await chown(folder.at("state"), 65534, 65534);
    expect((await attemptAsNobody(folder.at("state"), "writer")).code).toBe("INVALID_CONFIG");
    expect(await fingerprint(folder.path)).toEqual(before);
  });

  test("for the file system is read-only, it says so, and reading goes on", async ({ skip }) => {
    await using disk = (await mountedDisk()) ?? skip("mounting is not allowed here");
    await using states = await stateFolder();
    const { directory } = disk;
    const state = await states.open({ directory });
    await state.collection(notes).insert("a", { text: "a" });
    await state.close();
    const before = await fingerprint(directory);
    await disk.remountReadOnly();
    const error = await rejectionOf(states.open({ directory }));
    expect(error.code).toBe("READ_ONLY");
    expect(error.message).toMatch(/read-only/);
    expect((await rejectionOf(states.open({ directory: `${directory}-new` }))).code).toBe("READ_ONLY");
    expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
    const reader = await states.open({ directory, mode: "reader" });
    expect((await reader.collection(notes).get("a"))?.body.text).toBe("a");
    expect((await rejectionOf(reader.collection(notes).put("a", { text: "b" }))).code).toBe("READ_ONLY");
    await reader.close();
    expect(await fingerprint(directory)).toEqual(before);
  });
});

describe("a network file system", () => {
  /** `statfs` numbers, as the kernel gives them for NFS and for SMB 2, the latter read as signed. */
  const kinds: readonly [string, number][] = [
    ["NFS", 0x6969],
    ["SMB2", 0xfe534d42 | 0],
  ];

  test.each(kinds)("(%s) is refused, and nothing made there", async (name, kind) => {
    await using folder = await stateFolder();
    const fileSystem: FileSystem = { ...nodeFileSystem, kindOf: () => Promise.resolve(kind) };
    const error = await rejectionOf(folder.open({ environment: { fileSystem } }));
    expect(error).toMatchObject({ code: "INVALID_CONFIG", details: { fileSystem: name } });
    await expect(fingerprint(folder.directory)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is warned of, if that is what was asked for", async () => {
    await using folder = await stateFolder();
    const fileSystem: FileSystem = { ...nodeFileSystem, kindOf: () => Promise.resolve(0x6969) };
    const state = await folder.open({ environment: { fileSystem }, networkFileSystem: "warn" });
    expect(state.recovery.warnings.join()).toMatch(/network file system \(NFS\)/);
    await state.collection(notes).insert("a", { text: "a" });
  });
});
