import { describe, expect, test } from "vitest";
import type { Store } from "../../src/collections/index.js";
import { HoldfastError } from "../../src/errors.js";
import {
  attachmentsCollection,
  intentsCollection,
  MemoryVectorBackend,
  VectorStores,
  vectorStoresCollection,
} from "../../src/surfaces/vector-stores/index.js";
import { rejectionOf } from "../support/rejection.js";
import { DyingProcess, ProcessDied } from "./dying-process.js";
import { stateDirectoryUnderTest } from "./store-under-test.js";
import { vectorStoreDirectory } from "./vector-store-directory.js";
import { FailingBackend, fileIds, recount, uploadedFile, uploadFiles } from "./vector-store-samples.js";

const signal = new AbortController().signal;

/** Runs a call in processes that die one step further each time, until one comes to its end. */
async function dyingEverywhere(attempt: (process: DyingProcess, step: string) => Promise<boolean>): Promise<number> {
  for (const when of ["before", "after"] as const) {
    let ended = false;
    for (let step = 1; !ended; step += 1) {
      if (step > 50) throw new Error("the call has no end");
      ended = await attempt(new DyingProcess(step, when), `${when} step ${step}`);
      if (ended && when === "after") return step;
    }
  }
  return 0;
}

/** Nothing is half done: every store has its collection and every collection its store, and nothing is noted. */
async function expectWhole(store: Store, backend: MemoryVectorBackend, step: string): Promise<void> {
  const { documents } = await store.collection(vectorStoresCollection).list({ limit: 1_000 });
  expect([...(await backend.list())].sort(), step).toEqual(documents.map(({ id }) => id).sort());
  expect(await store.collection(intentsCollection).count(), step).toBe(0);
  const attachments = await store.collection(attachmentsCollection).list({ limit: 1_000 });
  const living = new Set(documents.map(({ id }) => id));
  for (const { body } of attachments.documents) {
    expect(living.has(body.vector_store_file.vector_store_id), step).toBe(true);
  }
}

describe("S4, V4: a crash between store and backend", () => {
  test("during a creation is rolled back, or the store is whole", async () => {
    await using under = await stateDirectoryUnderTest();
    const backend = new MemoryVectorBackend();
    await uploadFiles(under.store, ["file-1"]);
    const actions: string[] = [];
    let made = 0;
    const steps = await dyingEverywhere(async (process, step) => {
      const dying = new VectorStores(process.store(under.store), { backend: process.backend(backend) });
      const created = await dying.create({ file_ids: ["file-1"] }).catch((error: unknown) => {
        if (!process.hasDied()) throw error;
        return undefined;
      });
      // The next owner: it has the disk and the backend, and nothing else.
      const next = new VectorStores(under.store, { backend });
      actions.push(...(await next.reconcile()).map(({ action, reason }) => `${action} ${reason}`));
      expect(await next.reconcile(), step).toEqual([]);
      await expectWhole(under.store, backend, step);
      const count = await under.store.collection(vectorStoresCollection).count();
      // A store that nobody was told of may be there, whole, if only the last word was lost.
      expect(count - made, step).toBeLessThanOrEqual(1);
      if (created !== undefined) expect(await next.get(created.id), step).toMatchObject({ file_counts: { total: 1 } });
      made = count;
      return !process.hasDied();
    });
    expect(steps).toBe(4);
    expect(new Set(actions)).toEqual(new Set(["rolled_back creation_interrupted"]));
  });

  test("during a deletion is finished, or the store is whole", async () => {
    await using under = await stateDirectoryUnderTest();
    const backend = new MemoryVectorBackend();
    const ids = fileIds(120);
    await uploadFiles(under.store, ids);
    const stores = new VectorStores(under.store, { backend });
    const actions: string[] = [];
    const steps = await dyingEverywhere(async (process, step) => {
      const { id } = await stores.create();
      await stores.batches.create(id, { file_ids: ids });
      const dying = new VectorStores(process.store(under.store), { backend: process.backend(backend) });
      const deleted = await dying.delete(id).catch((error: unknown) => {
        if (!process.hasDied()) throw error;
        return undefined;
      });
      const isThere = (await stores.get(id)) !== undefined;
      if (deleted === true) expect(isThere, step).toBe(false);
      const next = new VectorStores(under.store, { backend });
      actions.push(...(await next.reconcile()).map(({ action, reason }) => `${action} ${reason}`));
      expect(await next.reconcile(), step).toEqual([]);
      expect((await next.get(id)) !== undefined, step).toBe(isThere);
      await expectWhole(under.store, backend, step);
      if (isThere) {
        expect(await next.get(id), step).toMatchObject({ file_counts: { completed: 120, total: 120 } });
        await next.delete(id);
      }
      return !process.hasDied();
    });
    expect(steps).toBeGreaterThan(6);
    expect(new Set(actions)).toEqual(new Set(["finished deletion_interrupted"]));
  });

  test("during reconciliation is taken up by the next one", async () => {
    await using under = await stateDirectoryUnderTest();
    const backend = new MemoryVectorBackend();
    const stores = new VectorStores(under.store, { backend });
    await dyingEverywhere(async (process, step) => {
      const { id } = await stores.create();
      const first = new DyingProcess(2, "before");
      await expect(
        new VectorStores(first.store(under.store), { backend: first.backend(backend) }).delete(id),
      ).rejects.toBeInstanceOf(ProcessDied);
      const second = new VectorStores(process.store(under.store), { backend: process.backend(backend) });
      await second.reconcile().catch((error: unknown) => {
        if (!process.hasDied()) throw error;
      });
      await new VectorStores(under.store, { backend }).reconcile();
      await expectWhole(under.store, backend, step);
      return !process.hasDied();
    });
  });

  test("is told apart from a failure that leaves open whether the store was written", async () => {
    await using under = await stateDirectoryUnderTest();
    const backend = new MemoryVectorBackend();
    let commits = 0;
    const inDoubt: Store = {
      collection: (definition) => {
        const collection = under.store.collection(definition);
        const refuse = (): Promise<never> => Promise.reject(new HoldfastError("STORAGE_FAILED", "the disk failed"));
        return commits < 2
          ? collection
          : Object.assign(Object.create(collection) as typeof collection, { update: refuse });
      },
      changes: (options) => under.store.changes(options),
      lastSequence: 0,
      transaction: async (work) => {
        commits += 1;
        const result = await under.store.transaction(work);
        // The second commit, which makes the store, is on disk; nobody can say so.
        if (commits === 2) throw new HoldfastError("STORAGE_FAILED", "the disk failed");
        return result;
      },
    };
    expect((await rejectionOf(new VectorStores(inDoubt, { backend }).create())).code).toBe("STORAGE_FAILED");
    await expectWhole(under.store, backend, "after the next opening");
    expect(await backend.list()).toHaveLength(1);
  });
});

describe("V10: a backend that does not answer", () => {
  test("refuses a creation, which leaves nothing behind once it answers", async () => {
    await using under = await stateDirectoryUnderTest();
    const memory = new MemoryVectorBackend();
    const backend = new FailingBackend(memory);
    const stores = new VectorStores(under.store, { backend });
    backend.isDown = true;
    const refused = await rejectionOf(stores.create({ name: "a" }));
    expect(refused).toMatchObject({ code: "BACKEND_FAILED", details: { backend: "memory" } });
    expect((await stores.list()).vectorStores).toEqual([]);
    // Whether the collection was made is not known: that is noted until it is.
    expect(await under.store.collection(intentsCollection).count()).toBe(1);
    backend.isDown = false;
    await stores.maintain({ signal });
    expect(await under.store.collection(intentsCollection).count()).toBe(0);
  });

  test("does not stop a deletion; maintenance reports what it owes until it is done", async () => {
    await using under = await stateDirectoryUnderTest();
    const memory = new MemoryVectorBackend();
    const backend = new FailingBackend(memory);
    const stores = new VectorStores(under.store, { backend });
    const { id } = await stores.create();
    backend.isDown = true;
    expect(await stores.delete(id)).toBe(true);
    expect(await stores.get(id)).toBeUndefined();
    const [noted] = (await under.store.collection(intentsCollection).list()).documents;
    expect(noted?.body).toMatchObject({
      action: "delete",
      last_failure: expect.stringContaining("connection refused") as string,
    });
    await expect(stores.maintain({ signal })).rejects.toThrow(/owes 1 removals[^]*connection refused/);
    backend.isDown = false;
    await stores.maintain({ signal });
    expect(await memory.list()).toEqual([]);
  });

  test("at opening loses no metadata and is reported, and the rest is done later", async () => {
    const memory = new MemoryVectorBackend();
    const backend = new FailingBackend(memory);
    await using directory = await vectorStoreDirectory({ backend });
    const { vectorStores } = directory.state;
    const kept = await vectorStores.create();
    const gone = await vectorStores.create();
    backend.isDown = true;
    await vectorStores.delete(gone.id);
    const reopened = await directory.reopen();
    const detail = expect.stringContaining("connection refused") as string;
    expect(reopened.recovery.reconciled).toEqual([
      { surface: "vector_stores", action: "pending", reason: "backend_failed", count: 1, ids: [gone.id], detail },
      { surface: "vector_stores", action: "unverified", reason: "backend_failed", count: 1, ids: [kept.id], detail },
    ]);
    expect((await reopened.vectorStores.list()).vectorStores.map(({ id }) => id)).toEqual([kept.id]);
    backend.isDown = false;
    await reopened.vectorStores.maintain({ signal });
    expect(await memory.list()).toEqual([kept.id]);
    expect(await reopened.vectorStores.reconcile()).toEqual([]);
  });

  test("that is another one, or none, is said, and its collections are left alone", async () => {
    await using under = await stateDirectoryUnderTest();
    const first = new MemoryVectorBackend("first");
    const { id } = await new VectorStores(under.store, { backend: first }).create();
    for (const backend of [new MemoryVectorBackend("second"), undefined]) {
      const stores = new VectorStores(under.store, { backend });
      expect(await stores.reconcile()).toMatchObject([
        { action: "unverified", reason: "backend_not_configured", ids: [id] },
      ]);
    }
    const without = new VectorStores(under.store);
    expect(await without.delete(id)).toBe(true);
    await expect(without.maintain({ signal })).rejects.toThrow(/"first", which is not configured/);
    expect(await first.list()).toEqual([id]);
    expect(await new VectorStores(under.store, { backend: first }).reconcile()).toMatchObject([{ action: "finished" }]);
    expect(await first.list()).toEqual([]);
  });
});

test("collections nobody knows and collections that are missing are reported, and not touched", async () => {
  await using under = await stateDirectoryUnderTest();
  const backend = new MemoryVectorBackend();
  const stores = new VectorStores(under.store, { backend });
  const { id } = await stores.create();
  await backend.create("someone's");
  expect(await stores.reconcile()).toEqual([
    { surface: "vector_stores", action: "unknown_collection", reason: "no_vector_store", count: 1, ids: ["someone's"] },
  ]);
  const lost = new VectorStores(await under.reopen(), { backend: new MemoryVectorBackend() });
  expect(await lost.reconcile()).toEqual([
    { surface: "vector_stores", action: "missing_collection", reason: "not_in_backend", count: 1, ids: [id] },
  ]);
  expect(await backend.list()).toEqual([id, "someone's"]);
  expect(await lost.delete(id)).toBe(true);
});

describe("an external ingestion", () => {
  test("settles what it was given, once, and is refused when the file was attached anew", async () => {
    await using under = await stateDirectoryUnderTest();
    const stores = new VectorStores(under.store, { ingestion: "external" });
    await uploadFiles(under.store, ["file-1", "file-2"]);
    const { id } = await stores.create({ file_ids: ["file-1", "file-2"] });
    expect(await stores.get(id)).toMatchObject({
      status: "in_progress",
      file_counts: { in_progress: 2 },
      usage_bytes: 0,
    });
    const token = (await stores.getFile(id, "file-1"))?.body.attachment ?? "";
    const done = await stores.settleFile(id, "file-1", { status: "completed", usage_bytes: 42, attachment: token });
    expect(done.body).toMatchObject({ vector_store_file: { status: "completed", usage_bytes: 42, last_error: null } });
    expect(done.body).not.toHaveProperty("ingestion");
    // A report that is repeated changes nothing, one to the contrary is refused.
    const again = await stores.settleFile(id, "file-1", { status: "completed", usage_bytes: 1 });
    expect(again.body.vector_store_file.usage_bytes).toBe(42);
    const last_error = { code: "invalid_file", message: "no text in it" };
    expect((await rejectionOf(stores.settleFile(id, "file-1", { status: "failed", last_error }))).code).toBe(
      "REVISION_CONFLICT",
    );
    const refused = await rejectionOf(stores.settleFile(id, "file-2", { status: "failed", usage_bytes: -1 }));
    expect(refused.problems.map(({ path }) => path)).toEqual(["/usage_bytes"]);
    expect((await rejectionOf(stores.settleFile(id, "file-2", { status: "failed" }))).problems[0]?.path).toBe(
      "/last_error",
    );
    await stores.settleFile(id, "file-2", { status: "failed", last_error });
    expect(await stores.get(id)).toMatchObject({
      ...(await recount(under.store, id)),
      status: "completed",
      usage_bytes: 42,
    });

    // V8: a result that comes after the file was detached, and attached anew, is nobody's.
    await stores.detach(id, "file-1");
    expect((await rejectionOf(stores.settleFile(id, "file-1", { status: "completed" }))).code).toBe("NOT_FOUND");
    await stores.attach(id, { file_id: "file-1" });
    const late = stores.settleFile(id, "file-1", { status: "completed", attachment: token });
    expect((await rejectionOf(late)).code).toBe("REVISION_CONFLICT");
    expect((await stores.getFile(id, "file-1"))?.body.vector_store_file.status).toBe("in_progress");
  });

  test("keeps its files over a restart, as long as it reports within its lease", async () => {
    await using under = await stateDirectoryUnderTest();
    // From now on, for the directory's own surface to find every lease running; the rest of the time is the test's.
    let now = Date.now();
    const leaseMs = 60 * 60 * 1000;
    const options = { ingestion: "external", leaseMs, now: () => now } as const;
    const stores = new VectorStores(under.store, options);
    const first = await uploadedFile(under.store, "a.txt");
    const second = await uploadedFile(under.store, "b.txt");
    const { id } = await stores.create();
    const batch = await stores.batches.create(id, { file_ids: [first, second] });
    const next = new VectorStores(await under.reopen(), options);
    expect(await next.reconcile()).toEqual([]);
    now += 0.9 * leaseMs;
    await next.settleFile(id, first, { status: "in_progress" });
    now += 0.9 * leaseMs;
    await next.maintain({ signal });
    expect((await next.getFile(id, first))?.body.vector_store_file.status).toBe("in_progress");
    const silent = await next.getFile(id, second);
    expect(silent?.body).toMatchObject({
      reason: "lease_expired",
      vector_store_file: { status: "failed", last_error: { code: "server_error" } },
    });
    expect(await next.batches.get(id, batch.id)).toMatchObject({
      status: "in_progress",
      file_counts: { in_progress: 1, failed: 1, total: 2 },
    });
    now += leaseMs;
    expect(await next.reconcile()).toMatchObject([
      { action: "failed", reason: "lease_expired", ids: [`${id}/${first}`] },
    ]);
    expect(await next.batches.get(id, batch.id)).toMatchObject({ status: "failed", file_counts: { failed: 2 } });
    // What failed can be attached again, and begins anew.
    expect(await next.attach(id, { file_id: first })).toMatchObject({ status: "in_progress", last_error: null });
    expect(await next.batches.cancel(id, batch.id)).toMatchObject({
      status: "cancelled",
      file_counts: { cancelled: 1, failed: 1, total: 2 },
    });
    expect((await rejectionOf(next.settleFile(id, first, { status: "completed" }))).code).toBe("REVISION_CONFLICT");
  });
});
