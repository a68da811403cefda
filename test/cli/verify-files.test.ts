import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { safeName, shardOf } from "../../src/files/safe-name.js";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { runCli } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

interface Report {
  readonly ok: boolean;
  readonly files: number;
  readonly findings: readonly object[];
}

test("verify reads the bytes of uploaded files too, and ends with 4 if one of them has changed", async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, "state");
  const state = await openStateDirectory({ directory });
  const { id } = await state.files.upload(Buffer.from("what was uploaded"), { filename: "a.txt", purpose: "batch" });
  await state.close();
  const sound = await runCli(["verify", "--json"], { in: folder.path });
  expect([sound.code, JSON.parse(sound.stdout)]).toMatchObject([0, { ok: true, files: 1, findings: [] }]);
  const file = `blobs/${shardOf(safeName(id))}/${safeName(id)}`;
  const path = join(directory, file);
  await writeFile(path, (await readFile(path, "utf8")).replace("was", "is_"));
  const damaged = await runCli(["verify", "--json"], { in: folder.path });
  expect(damaged.code).toBe(4);
  expect(JSON.parse(damaged.stdout) as Report).toMatchObject({
    ok: false,
    files: 1,
    findings: [{ file, kind: "blob", severity: "damage", detail: "the bytes do not match their SHA-256" }],
  });
  const text = await runCli(["verify"], { in: folder.path });
  expect(text.stdout).toContain(file);
  expect(text.stdout).toMatch(/1 uploaded file and/);
});
