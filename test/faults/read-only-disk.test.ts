import { expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";
import { abortableDisk } from "./abortable-disk.js";

test("a disk that the kernel makes read-only under its writer: what waits is in doubt, and writing ends until it is opened anew", async ({
  skip,
}) => {
  await using disk = (await abortableDisk()) ?? skip("mounting a loop device is not allowed here");
  await using folder = await stateFolder();
  const { directory } = disk;
  const state = await folder.open({ directory, firstSegmentBytes: 64 * 1024, segmentBytes: 64 * 1024 });
  const collection = state.collection(notes);
  const acknowledged = new Map<string, Note>();
  const write = async (id: string, text: string): Promise<void> => {
    await collection.put(id, { text });
    acknowledged.set(id, { text });
  };
  for (let number = 0; number < 10; number += 1) await write(`filed_${number}`, "one");
  await state.checkpoint();
  for (let number = 0; number < 10; number += 1) await write(`journaled_${number}`, "one");

  await disk.abort();
  const inDoubt = new Map(["filed_0", "new_1", "new_2"].map((id) => [id, { text: "two" }]));
  const outcomes = await Promise.all([...inDoubt].map(([id, body]) => rejectionOf(collection.put(id, body))));
  const failed = { code: "STORAGE_FAILED", details: { systemCode: "EROFS" } };
  for (const error of outcomes) expect(error).toMatchObject(failed);
  expect(state.condition).toMatchObject({ state: "failed", error: { ...failed, cause: { code: "EROFS" } } });
  expect(state.condition.error?.message).toMatch(/mounted read-only.*opened anew/);
  expect(await rejectionOf(collection.put("later", { text: "later" }))).toMatchObject(failed);
  expect(await rejectionOf(collection.delete("filed_1"))).toMatchObject(failed);
  expect(await rejectionOf(state.checkpoint())).toMatchObject(failed);
  // An upload asks the disk itself; nobody waits for the journal.
  const upload = state.files.upload(Buffer.from("a"), { filename: "a.txt", purpose: "assistants" });
  expect((await rejectionOf(upload)).code).toBe("READ_ONLY");
  expect(await allOf(collection)).toEqual(acknowledged);
  // Leaving in order takes writing; what it holds is given back all the same.
  expect((await rejectionOf(state.close())).code).toBe("READ_ONLY");

  expect((await rejectionOf(folder.open({ directory }))).code).toBe("READ_ONLY");
  await disk.mountAnew();
  const again = await folder.open({ directory });
  expect(again.recovery).toMatchObject({ damage: [], lostDocuments: [], lostSequences: [] });
  const found = await allOf(again.collection(notes));
  for (const [id, body] of acknowledged)
    expect(inDoubt.has(id) ? [body, inDoubt.get(id)] : [body]).toContainEqual(found.get(id));
  for (const [id, body] of found) if (!acknowledged.has(id)) expect(body).toEqual(inDoubt.get(id));
  await again.collection(notes).put("after", { text: "writing goes on" });
  await again.close();
  expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
});
