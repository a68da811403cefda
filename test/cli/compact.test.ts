import { join } from "node:path";
import { expect, test } from "vitest";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { runCli } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

/** Conversations in several packs, half of them replaced by now. */
async function filled(directory: string): Promise<void> {
  const state = await openStateDirectory({ directory, packAtDocuments: 4, mergeFactor: 100 });
  for (let round = 0; round < 6; round += 1) {
    const notes = state.collectionNamed("notes", { create: true });
    for (let number = 0; number < 10; number += 1) {
      await notes?.put(`note-${(round % 3) * 10 + number}`, { round, text: "x".repeat(2000) });
    }
    await state.checkpoint();
  }
  await state.close();
}

test("compact merges the packs of each collection, says what that gave back, and changes no document", async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, "state");
  await filled(directory);
  const list = async (): Promise<string> =>
    (await runCli(["export", "--collection", "notes"], { in: folder.path })).stdout.split("\n").slice(1, -2).join("\n");
  const documents = await list();
  expect(documents).toContain('"note-29"');

  const { code, stdout, stderr } = await runCli(["compact", "--json"], { in: folder.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const report = JSON.parse(stdout) as {
    before: { bytes: number };
    after: { bytes: number };
    collections: { notes: { documents: number; before: { files: number; bytes: number }; after: { files: number } } };
  };
  expect(report).toMatchObject({
    collections: { notes: { documents: 30, before: { files: 12 }, after: { files: 2 } } },
  });
  expect(report.before.bytes - report.after.bytes).toBeGreaterThan(30 * 2000);
  expect(await filesBelow(join(directory, "collections", "notes", "packs"), /\.(pack|idx)$/)).toHaveLength(2);
  expect(await list()).toBe(documents);
  const verified = await runCli(["verify", "--json"], { in: folder.path });
  expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([0, { ok: true, packs: 1, findings: [] }]);

  const again = await runCli(["compact"], { in: folder.path });
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/^notes +30 +1 +1$/m);
  expect(again.stdout).toMatch(/^\d+ files, [\d,]+ bytes before; \d+ files, [\d,]+ bytes after$/m);
});

test("compact of what is not there is refused, and makes nothing", async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await runCli(["compact"], { in: folder.path });
  expect(code).toBe(2);
  expect(stderr).toContain("INVALID_CONFIG");
  expect(await filesBelow(folder.path, /./)).toEqual([]);
});
