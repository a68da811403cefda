import { expect, test } from "vitest";
import type { Reconciliation } from "../../src/collections/index.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import {
  intentsCollection,
  IngestionFailure,
  MemoryVectorBackend,
  type AttachmentStatus,
  type VectorStores,
} from "../../src/surfaces/vector-stores/index.js";
import { eventually } from "../support/eventually.js";
import { vectorStoreDirectory } from "./vector-store-directory.js";
import { ControlledIngester, fileIds, recount, uploadFiles } from "./vector-store-samples.js";

async function settled(stores: VectorStores, store: string, file: string, status: AttachmentStatus): Promise<void> {
  await eventually(`${file} is ${status}`, async () => {
    return (await stores.getFile(store, file))?.body.vector_store_file.status === status;
  });
}

/** The files of these tests have no bytes, which the files' own reconciliation reports too. */
function ownReports({ recovery }: StateDirectory): Reconciliation[] {
  return recovery.reconciled.filter(({ surface }) => surface === "vector_stores");
}

test("files are ingested a few at a time, in the order they were attached, and what fails says why", async () => {
  const ingester = new ControlledIngester();
  await using directory = await vectorStoreDirectory({ ingestion: ingester, ingestionWorkers: 2 });
  const { vectorStores } = directory.state;
  const ids = fileIds(5);
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = ids;
  await uploadFiles(directory.state, ids);
  const { id } = await vectorStores.create({ file_ids: ids });
  await ingester.begun(first);
  await ingester.begun(second);
  expect(await vectorStores.get(id)).toMatchObject({
    status: "in_progress",
    file_counts: { in_progress: 5, total: 5 },
  });
  ingester.end(second);
  await ingester.begun(third);
  ingester.end(first, new IngestionFailure("unsupported_file", "It is a picture."));
  await ingester.begun(fourth);
  ingester.end(third, new Error("the model is gone"));
  ingester.end(fourth);
  await ingester.begun(fifth);
  ingester.end(fifth);
  await settled(vectorStores, id, fifth, "completed");
  await settled(vectorStores, id, third, "failed");
  expect((await vectorStores.getFile(id, first))?.body.vector_store_file.last_error).toEqual({
    code: "unsupported_file",
    message: "It is a picture.",
  });
  expect((await vectorStores.getFile(id, third))?.body.vector_store_file.last_error).toEqual({
    code: "server_error",
    message: "The ingestion failed: the model is gone",
  });
  expect(ingester.mostAtOnce).toBe(2);
  expect(await vectorStores.get(id)).toMatchObject({
    ...(await recount(directory.state, id)),
    status: "completed",
    usage_bytes: 21,
  });
});

test("V8: what was detached while it was ingested leaves nothing behind, and does not touch the attachment after it", async () => {
  const ingester = new ControlledIngester();
  const backend = new MemoryVectorBackend();
  await using directory = await vectorStoreDirectory({ ingestion: ingester, backend });
  const { state } = directory;
  const { vectorStores } = state;
  await uploadFiles(state, ["file-1"]);
  const { id } = await vectorStores.create({ file_ids: ["file-1"] });
  const token = await ingester.begun("file-1");
  expect(await vectorStores.detach(id, "file-1")).toBe(true);
  expect(await vectorStores.getFile(id, "file-1")).toBeUndefined();
  // What it makes can only be removed once it has ended; that is noted.
  expect(await state.collection(intentsCollection).count()).toBe(1);
  ingester.end("file-1");
  await eventually("the release is carried out", async () => (await state.collection(intentsCollection).count()) === 0);
  expect(ingester.made).not.toContain(token);

  await vectorStores.attach(id, { file_id: "file-1" });
  const next = await ingester.begun("file-1");
  expect(next).not.toBe(token);
  ingester.end("file-1");
  await settled(vectorStores, id, "file-1", "completed");
  expect([...ingester.made]).toEqual([next]);
  expect(await vectorStores.get(id)).toMatchObject({ file_counts: { completed: 1, total: 1 }, usage_bytes: 7 });
  await vectorStores.detach(id, "file-1");
  expect([...ingester.made]).toEqual([]);
});

test("V8: a store that is deleted while a file is ingested keeps its collection until that has ended", async () => {
  const ingester = new ControlledIngester();
  const backend = new MemoryVectorBackend();
  await using directory = await vectorStoreDirectory({ ingestion: ingester, backend });
  const { state } = directory;
  await uploadFiles(state, ["file-1"]);
  const { id } = await state.vectorStores.create({ file_ids: ["file-1"] });
  await ingester.begun("file-1");
  expect(await state.vectorStores.delete(id)).toBe(true);
  expect(await state.vectorStores.get(id)).toBeUndefined();
  expect(await backend.list()).toEqual([id]);
  ingester.end("file-1");
  await eventually("the collection is removed", async () => (await backend.list()).length === 0);
  await eventually("the note is gone", async () => (await state.collection(intentsCollection).count()) === 0);
});

test("a batch that is cancelled while it is ingested stays cancelled, whatever comes later", async () => {
  const ingester = new ControlledIngester();
  await using directory = await vectorStoreDirectory({ ingestion: ingester, ingestionWorkers: 1 });
  const { state } = directory;
  const { vectorStores } = state;
  const ids = fileIds(3);
  await uploadFiles(state, ids);
  const { id } = await vectorStores.create();
  const batch = await vectorStores.batches.create(id, { file_ids: ids });
  expect(batch).toMatchObject({ status: "in_progress", file_counts: { in_progress: 3 } });
  await ingester.begun("file-0000");
  ingester.end("file-0000");
  await ingester.begun("file-0001");
  const cancelled = await vectorStores.batches.cancel(id, batch.id);
  expect(cancelled).toMatchObject({ status: "cancelled", file_counts: { completed: 1, cancelled: 2, total: 3 } });
  ingester.end("file-0001");
  await eventually("the release is carried out", async () => (await state.collection(intentsCollection).count()) === 0);
  expect(await vectorStores.batches.get(id, batch.id)).toEqual(cancelled);
  expect(ingester.made.size).toBe(1);
});

test("S4, V2: after a crash what ran is failed and says so, what waited is ingested, and nothing is in progress for ever", async () => {
  const ingester = new ControlledIngester();
  await using directory = await vectorStoreDirectory({ ingestion: ingester, ingestionWorkers: 1 });
  const ids = fileIds(3);
  await uploadFiles(directory.state, ids);
  const { id } = await directory.state.vectorStores.create();
  const batch = await directory.state.vectorStores.batches.create(id, { file_ids: ids });
  await ingester.begun("file-0000");
  const next = new ControlledIngester();
  const state = await directory.crash({ ingestion: next, ingestionWorkers: 1 }, () => {
    ingester.endAll();
  });
  expect(ownReports(state)).toEqual([
    {
      surface: "vector_stores",
      action: "failed",
      reason: "interrupted_by_restart",
      count: 1,
      ids: [`${id}/file-0000`],
    },
    {
      surface: "vector_stores",
      action: "resumed",
      reason: "queued_before_restart",
      count: 2,
      ids: [`${id}/file-0001`, `${id}/file-0002`],
    },
    { surface: "vector_stores", action: "removed", reason: "ingestion_remains", count: 1, ids: [`${id}/file-0000`] },
  ]);
  const failed = await state.vectorStores.getFile(id, "file-0000");
  expect(failed?.body).toMatchObject({
    reason: "interrupted_by_restart",
    vector_store_file: {
      status: "failed",
      last_error: { code: "server_error", message: expect.stringContaining("interrupted by a restart") as string },
    },
  });
  expect(await state.vectorStores.batches.get(id, batch.id)).toMatchObject({
    status: "in_progress",
    file_counts: { failed: 1, in_progress: 2, total: 3 },
  });

  // A program that ingests nothing any more takes nothing up, and leaves nothing waiting.
  await next.begun("file-0001");
  const without = await directory.crash({}, () => {
    next.endAll();
  });
  expect(ownReports(without).map(({ reason, ids: failures }) => [reason, failures])).toEqual([
    ["interrupted_by_restart", [`${id}/file-0001`]],
    ["no_ingester", [`${id}/file-0002`]],
  ]);
  expect(await without.vectorStores.batches.get(id, batch.id)).toMatchObject({
    status: "failed",
    file_counts: { failed: 3, in_progress: 0, total: 3 },
  });
  expect(await without.vectorStores.get(id)).toMatchObject(await recount(without, id));
});
