import { expect, test } from "vitest";
import { notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";

test("a reader that is opened after an acknowledgment sees it, before the journal says for readers that it is durable", async () => {
  await using folder = await stateFolder();
  const fileSystem = new FaultyFileSystem();
  const owner = await folder.open({ environment: { fileSystem } });
  for (let number = 0; number < 5; number += 1) await owner.collection(notes).insert(`n${number}`, { text: "x" });
  // The watermark behind the last commit is held up for as long as an owner's busy event loop might.
  fileSystem.set({ on: "write", path: /\.wal$/, before: () => new Promise((done) => setTimeout(done, 150)) });
  const reader = await folder.open({ mode: "reader" });
  expect((await reader.collection(notes).get("n4"))?.body).toEqual({ text: "x" });
  expect(await reader.collection(notes).count()).toBe(5);
});
