import { expect, test } from "vitest";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { eventually } from "../support/eventually.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

/** More than is left of any segment. */
const tooLong = "x".repeat(4 * 1024 * 1024);

test("what a full disk refused is gone from the owner's memory too: nothing is built upon it", async () => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ environment: { fileSystem: disk } });
  const collection = state.collection(notes);
  await collection.insert("kept", { text: "old" });
  disk.spaceLeft = 0;
  const refused = await Promise.all(
    [
      collection.put("kept", { text: tooLong }),
      collection.insert("new", { text: "never stored" }),
      collection.delete("kept"),
    ].map(rejectionOf),
  );
  expect(refused.map(({ code }) => code)).toEqual(["STORAGE_FULL", "STORAGE_FULL", "STORAGE_FULL"]);

  disk.spaceLeft = Number.POSITIVE_INFINITY;
  await eventually("the store is open again", () => state.condition.state === "open");
  let found: string | undefined;
  const { revision } = await collection.update("kept", ({ text }) => {
    found = text;
    return { text: "newer" };
  });
  expect([found, revision]).toEqual(["old", 2]);
  expect(await collection.insert("new", { text: "stored now" })).toMatchObject({ revision: 1 });
});
