import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { claimName } from "../../src/locking/claim.js";
import { FaultyFileSystem, type DiskFault } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

/** As many as are written at the same time, and a few times more. */
const documents = 40;
const writtenAtOnce = 8;
const documentFiles = /^collections\/notes\/documents\/.*\.json$/;

interface Prepared {
  readonly state: StateDirectory;
  /** Has another owner claim the directory just before a call goes to the disk. */
  readonly claimBefore: (call: Pick<DiskFault, "on" | "path">) => void;
}

/** A store with a checkpoint behind it, and documents that the next one is to move; its heartbeat sees nothing in time. */
async function prepared(folder: StateFolder): Promise<Prepared> {
  const disk = new FaultyFileSystem();
  const state = await folder.open({
    environment: { fileSystem: disk },
    heartbeatMs: 3_600_000,
    journalRetainBytes: 0,
    firstSegmentBytes: 64 * 1024,
    segmentBytes: 64 * 1024,
  });
  await state.collection(notes).put("first", { text: "first" });
  await state.checkpoint();
  for (let number = 1; number <= documents; number += 1)
    await state.collection(notes).put(`note-${number}`, { text: "x".repeat(8_000) });
  return {
    state,
    claimBefore: (call) => {
      const claim = folder.at("epochs", claimName(state.epoch + 1));
      disk.set({
        ...call,
        times: 1,
        before: () => {
          writeFileSync(claim, "");
          return Promise.resolve();
        },
      });
    },
  };
}

function segments(folder: StateFolder): Promise<string[]> {
  return filesBelow(folder.directory, /^journal\/.*\.wal$/);
}

test("an owner that lost the directory in the middle of a checkpoint begins to write no further document", async () => {
  await using folder = await stateFolder();
  const { state, claimBefore } = await prepared(folder);
  const before = (await filesBelow(folder.directory, documentFiles)).length;
  claimBefore({ on: "create", path: /documents/ });
  expect((await rejectionOf(state.checkpoint())).code).toBe("WRITER_FENCED");
  const written = (await filesBelow(folder.directory, documentFiles)).length - before;
  expect(written).toBeLessThanOrEqual(writtenAtOnce);
});

test("an owner that lost the directory when its documents were written leaves the checkpoint file alone", async () => {
  await using folder = await stateFolder();
  const { state, claimBefore } = await prepared(folder);
  const before = await readFile(folder.at("checkpoint.json"), "utf8");
  // Folders are synced when all documents are in them, and nothing but the checkpoint is left.
  claimBefore({ on: "syncDirectory", path: /documents\/[0-9a-f]{2}$/ });
  expect((await rejectionOf(state.checkpoint())).code).toBe("WRITER_FENCED");
  expect(await readFile(folder.at("checkpoint.json"), "utf8")).toBe(before);
});

test("an owner that lost the directory when its checkpoint was written deletes no segment", async () => {
  await using folder = await stateFolder();
  const { state, claimBefore } = await prepared(folder);
  const before = await segments(folder);
  expect(before.length).toBeGreaterThan(3);
  claimBefore({ on: "rename", path: /checkpoint\.json$/ });
  expect((await rejectionOf(state.checkpoint())).code).toBe("WRITER_FENCED");
  expect(await segments(folder)).toEqual(before);
});

test("without another owner the same checkpoint moves the documents and deletes the segments", async () => {
  await using folder = await stateFolder();
  const { state } = await prepared(folder);
  await state.checkpoint();
  expect(await filesBelow(folder.directory, documentFiles)).toHaveLength(documents + 1);
  expect(await segments(folder)).toHaveLength(1);
});
