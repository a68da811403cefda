import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

test("a document that a cut-short checkpoint had moved is not undone by older commits, also if its own is damaged", async () => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ environment: { fileSystem: disk } });
  await state.collection(notes).put("a", { text: "older" });
  await state.collection(notes).put("a", { text: "newer" });
  await state.collection(notes).put("b", { text: "behind" });
  disk.set({ on: "rename", path: /checkpoint\.json$/, fails: "EIO" });
  await rejectionOf(state.checkpoint());
  const crashed = await folder.crash();

  // The commit of the newer version can no longer be read; its document is whole.
  const [segment = ""] = await filesBelow(join(crashed, "journal"), /\.wal$/);
  const bytes = await readFile(segment);
  const newer = scanSegment(bytes).commits.find(({ start, end }) =>
    bytes.toString("utf8", start, end).includes("newer"),
  );
  expect(newer).toBeDefined();
  bytes[(newer?.start ?? 0) + 20] = 0x7e;
  await writeFile(segment, bytes);

  const recovered = await folder.open({ directory: crashed });
  const found = await recovered.collection(notes).get("a");
  expect(found).toMatchObject({ revision: 2, body: { text: "newer" } });
  expect((await recovered.collection(notes).get("b"))?.body).toEqual({ text: "behind" });
});
