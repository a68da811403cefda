import { expect, test } from "vitest";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { eventually } from "../support/eventually.js";
import { stateFolder } from "../support/state-folder.js";

test("V11: what another replica does is never seen; here, whoever reads the directory beside its owner sees it", async () => {
  await using folder = await stateFolder();
  const owner = await folder.open();
  const reader = await folder.open({ mode: "reader" });
  const store = await owner.vectorStores.create({ name: "first" });
  const file = await owner.files.upload(Buffer.from("some text"), { filename: "a.txt", purpose: "assistants" });
  await owner.vectorStores.attach(store.id, { file_id: file.id });
  const seen = async (): Promise<unknown> => reader.vectorStores.get(store.id);
  await eventually("the reader follows", async () => {
    return JSON.stringify(await seen()) === JSON.stringify(await owner.vectorStores.get(store.id));
  });
  expect(await seen()).toMatchObject({ name: "first", file_counts: { completed: 1, total: 1 } });
  await owner.vectorStores.delete(store.id);
  await eventually("the reader follows a deletion", async () => (await seen()) === undefined);
  expect(await owner.vectorStores.get(store.id)).toBeUndefined();
});

test("V16: deployments share one table of files; here, each directory has its own, also on one disk", async () => {
  await using folder = await stateFolder();
  const one = await folder.open();
  const two = await folder.open({ directory: folder.at("..", "other") });
  const uploaded = await one.files.upload(Buffer.from("of the first"), { filename: "a.txt", purpose: "assistants" });
  expect(await two.files.get(uploaded.id)).toBeUndefined();
  expect((await two.files.list()).files).toEqual([]);
  expect(await two.files.delete(uploaded.id)).toBe(false);
  expect((await one.files.get(uploaded.id))?.body).toEqual(uploaded.body);
  expect(one.storeId).not.toBe(two.storeId);
});

test("V3: what could not be saved is shown until the restart; here, it is not shown at all", async () => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ environment: { fileSystem: disk } });
  await state.vectorStores.create({ name: "saved" });
  const repair = disk.set({ on: "write", path: /journal\//, fails: "EIO" });
  await expect(state.vectorStores.create({ name: "not saved" })).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  const names = async (opened: typeof state): Promise<unknown[]> =>
    (await opened.vectorStores.list()).vectorStores.map(({ name }) => name);
  expect(await names(state)).toEqual(["saved"]);
  repair();
  await state.close();
  expect(await names(await folder.open())).toEqual(["saved"]);
});
