import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { safeName, shardOf } from "../../src/files/safe-name.js";
import { Files } from "../../src/surfaces/files/index.js";
import { pieces } from "../blobs/blobs-under-test.js";
import { filesUnderTest } from "./files-under-test.js";

const details = { filename: "a.txt", purpose: "assistants" } as const;

test("every file's bytes are compared with its record: that they are there, their size and their SHA-256", async () => {
  await using under = await filesUnderTest();
  const { files, blobs } = under.now;
  const ids: string[] = [];
  for (const text of ["sound", "missing", "short", "changed", ""]) {
    ids.push((await files.upload(pieces(text), details)).id);
  }
  const [, missing = "", short = "", changed = ""] = ids;
  const progress: number[][] = [];
  const sound = await files.verify({
    onProgress: (done, total) => {
      progress.push([done, total]);
    },
  });
  expect(sound).toEqual({ files: 5, findings: [] });
  expect(progress).toEqual([1, 2, 3, 4, 5].map((done) => [done, 5]));
  const path = (id: string): string => join(under.directory, "blobs", shardOf(safeName(id)), safeName(id));
  await rm(path(missing));
  await truncate(path(short), 3);
  await writeFile(path(changed), (await readFile(path(changed), "utf8")).replace("a", "A"));
  await blobs.write("file-stray", pieces("nobody's"));
  expect(await files.verify()).toEqual({
    files: 5,
    findings: [
      { id: missing, detail: "the bytes are missing", severity: "damage" },
      { id: short, detail: "there are 3 bytes, where 5 were stored", severity: "damage" },
      { id: changed, detail: "the bytes do not match their SHA-256", severity: "damage" },
      { id: "file-stray", detail: expect.stringContaining("8 bytes without a record") as string, severity: "note" },
    ],
  });
});

test("a file that is deleted while its bytes are being looked for is not taken for damaged", async () => {
  await using under = await filesUnderTest();
  const { store, blobs, files } = under.now;
  const { id } = await files.upload(pieces("x"), details);
  const disappearing = new Files(store, {
    write: (...given) => blobs.write(...given),
    read: (...given) => blobs.read(...given),
    remove: (given) => blobs.remove(given),
    quarantine: (...given) => blobs.quarantine(...given),
    list: () => blobs.list(),
    stat: async (given) => {
      await files.delete(id);
      return blobs.stat(given);
    },
  });
  expect((await disappearing.verify()).findings).toEqual([]);
});
