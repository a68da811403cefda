import { describe, expect, test } from "vitest";
import { filesCollection } from "../../src/surfaces/files/index.js";
import {
  attachmentsCollection,
  batchesCollection,
  intentsCollection,
  MemoryVectorBackend,
  VectorStores,
  vectorStoresCollection,
} from "../../src/surfaces/vector-stores/index.js";
import { rejectionOf } from "../support/rejection.js";
import { walk } from "./samples.js";
import { diesAfter, onFullDisk, type StoreFactory } from "./store-under-test.js";
import { fileIds, recount, uploadFiles } from "./vector-store-samples.js";

const dayMs = 24 * 60 * 60 * 1000;

/** What vector stores promise on any engine. */
export function vectorStoresContract(engine: string, open: StoreFactory): void {
  describe(`vector stores on ${engine}`, () => {
    test("a store is created, read, changed and deleted, and outlives a restart with members nobody knows", async () => {
      await using under = await open();
      const stores = new VectorStores(under.store);
      const created = await stores.create({
        name: "notes",
        metadata: { topic: "demo" },
        invented_later: { nested: [1] },
      });
      expect(created.id).toMatch(/^vs_[0-9a-f]{24}$/);
      expect(created).toEqual({
        id: created.id,
        object: "vector_store",
        created_at: expect.any(Number) as number,
        last_active_at: created.created_at,
        name: "notes",
        metadata: { topic: "demo" },
        invented_later: { nested: [1] },
        status: "completed",
        file_counts: { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
        usage_bytes: 0,
      });
      const changed = await stores.update(created.id, { name: null, metadata: null, description: "what it is for" });
      expect(changed).toMatchObject({ name: "", metadata: {}, description: "what it is for" });
      expect(await stores.update(created.id, { description: null })).not.toHaveProperty("description");

      const reopened = new VectorStores(await under.reopen());
      expect(await reopened.get(created.id)).toMatchObject({ name: "", invented_later: { nested: [1] } });
      expect(await reopened.delete(created.id)).toBe(true);
      expect(await reopened.delete(created.id)).toBe(false);
      expect(await reopened.get(created.id)).toBeUndefined();
      for (const call of [
        reopened.update(created.id, {}),
        reopened.attach(created.id, { file_id: "file-1" }),
        reopened.listFiles(created.id),
        reopened.getFile(created.id, "file-1"),
        reopened.detach(created.id, "file-1"),
        reopened.batches.create(created.id, { file_ids: ["file-1"] }),
      ]) {
        expect((await rejectionOf(call)).code).toBe("NOT_FOUND");
      }
    });

    test("V15: bad input is refused with every problem, and changes nothing", async () => {
      await using under = await open();
      const stores = new VectorStores(under.store);
      const refused = await rejectionOf(
        stores.create({
          name: "n".repeat(257),
          description: "d".repeat(513),
          metadata: { ["k".repeat(65)]: "v".repeat(513), number: 1 },
          expires_after: { anchor: "created_at", days: 366 },
          chunking_strategy: { type: "static", static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 51 } },
          file_ids: Array.from({ length: 501 }, (_, index) => `file-${index}`),
        }),
      );
      expect(refused.code).toBe("INVALID_DOCUMENT");
      expect(new Set(refused.problems.map(({ path }) => path.split("/")[1]))).toEqual(
        new Set(["name", "description", "metadata", "expires_after", "file_ids", "chunking_strategy"]),
      );
      const derived = await stores.create({
        status: "expired",
        usage_bytes: 9,
        id: "mine",
        file_counts: {},
        expires_at: 1,
      });
      expect(derived).toMatchObject({ status: "completed", usage_bytes: 0, file_counts: { total: 0 } });
      expect(derived.id).not.toBe("mine");
      expect(derived).not.toHaveProperty("expires_at");
      for (const given of ["text", [], 1])
        expect((await rejectionOf(stores.create(given))).code).toBe("INVALID_DOCUMENT");
      expect((await rejectionOf(stores.update(derived.id, { metadata: { a: 1 } }))).problems[0]?.path).toBe(
        "/metadata/a",
      );
      expect(await under.store.collection(vectorStoresCollection).count()).toBe(1);
    });

    test("V9: a store is created with its files or, if one of them is not there, not at all", async () => {
      await using under = await open();
      const backend = new MemoryVectorBackend();
      const stores = new VectorStores(under.store, { backend });
      await uploadFiles(under.store, ["file-1", "file-2"]);
      await uploadFiles(under.store, ["file-3"], "someone else");
      const made = await stores.create({ file_ids: ["file-1", "file-2", "file-1"] });
      expect(made).toMatchObject({ file_counts: { completed: 2, total: 2 }, usage_bytes: 200 });
      const refused = await rejectionOf(
        stores.create({ file_ids: ["file-1", "file-3", "file-4"] }, { owner: "a caller" }),
      );
      expect(refused.code).toBe("NOT_FOUND");
      expect(refused.problems.map(({ path }) => path)).toEqual(["/file_ids/0", "/file_ids/1", "/file_ids/2"]);
      expect(await under.store.collection(vectorStoresCollection).count()).toBe(1);
      expect(await under.store.collection(intentsCollection).count()).toBe(0);
      expect(await backend.list()).toEqual([made.id]);
    });

    test("V13: stores made in one second are walked in a stable order, both ways, and an unknown cursor is refused", async () => {
      await using under = await open();
      const stores = new VectorStores(under.store, { now: () => 1_760_000_000_000 });
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) ids.push((await stores.create({}, { owner: "mine" })).id);
      await stores.create({}, { owner: "another's" });
      for (const order of ["asc", "desc"] as const) {
        const walked = await walk(async (after) => {
          const cursor = after === undefined ? {} : { after };
          const page = await stores.list({ order, limit: 1, owner: "mine", ...cursor });
          return { ids: page.vectorStores.map(({ id }) => id), hasMore: page.hasMore };
        });
        expect(walked).toEqual(order === "asc" ? ids : ids.toReversed());
      }
      const before = await stores.list({ order: "asc", limit: 2, owner: "mine", before: ids[3] ?? "" });
      expect(before.vectorStores.map(({ id }) => id)).toEqual(ids.slice(1, 3));
      await expect(stores.list({ after: "vs_unknown" })).rejects.toMatchObject({ code: "INVALID_CURSOR" });
      expect((await stores.list()).vectorStores).toHaveLength(6);
    });

    test("V1: files are attached, filtered, changed and detached, and all of it outlives a restart", async () => {
      await using under = await open();
      let stores = new VectorStores(under.store);
      await uploadFiles(under.store, fileIds(3));
      const [first = "", second = "", third = ""] = fileIds(3);
      const { id } = await stores.create();
      const strategy = { type: "static", static: { max_chunk_size_tokens: 200, chunk_overlap_tokens: 100 } };
      const attached = await stores.attach(id, {
        file_id: first,
        attributes: { page: 1, draft: true, by: "me" },
        chunking_strategy: strategy,
        invented_later: null,
      });
      expect(attached).toEqual({
        id: first,
        object: "vector_store.file",
        created_at: expect.any(Number) as number,
        vector_store_id: id,
        status: "completed",
        usage_bytes: 100,
        last_error: null,
        attributes: { page: 1, draft: true, by: "me" },
        chunking_strategy: strategy,
        invented_later: null,
      });
      // Attaching again changes nothing and counts nothing twice.
      expect(await stores.attach(id, { file_id: first, attributes: { other: 1 } })).toEqual(attached);
      const plain = await stores.attach(id, { file_id: second });
      expect(plain.chunking_strategy).toEqual({
        type: "static",
        static: { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 },
      });
      await stores.attach(id, { file_id: third });

      stores = new VectorStores(await under.reopen());
      expect(await stores.get(id)).toMatchObject(await recount(under.store, id));
      expect(await stores.get(id)).toMatchObject({ usage_bytes: 300, file_counts: { completed: 3, total: 3 } });
      for (const order of ["asc", "desc"] as const) {
        const walked = await walk(async (after) => {
          const cursor = after === undefined ? {} : { after };
          const page = await stores.listFiles(id, { order, limit: 1, filter: "completed", ...cursor });
          return { ids: page.files.map((file) => file.id), hasMore: page.hasMore };
        });
        expect(walked).toEqual(order === "asc" ? fileIds(3) : fileIds(3).toReversed());
      }
      expect((await stores.listFiles(id, { filter: "failed" })).files).toEqual([]);
      await expect(stores.listFiles(id, { after: "file-unknown" })).rejects.toMatchObject({ code: "INVALID_CURSOR" });
      expect((await stores.updateFile(id, first, { page: 2 })).attributes).toEqual({ page: 2 });
      expect((await stores.updateFile(id, first, null)).attributes).toEqual({});
      const refused = await rejectionOf(stores.updateFile(id, first, { nested: {}, long: "x".repeat(513) }));
      expect(refused.problems.map(({ path }) => path)).toEqual(["/attributes/nested", "/attributes/long"]);

      expect(await stores.detach(id, second)).toBe(true);
      expect(await stores.detach(id, second)).toBe(false);
      expect(await stores.getFile(id, second)).toBeUndefined();
      expect(await stores.get(id)).toMatchObject({ usage_bytes: 200, file_counts: { completed: 2, total: 2 } });
      expect((await rejectionOf(stores.attach(id, { file_id: "file-unknown" }))).problems).toHaveLength(1);
      await under.store
        .collection(filesCollection)
        .update(second, (body) => ({ ...body, file: { ...body.file, status: "error" } }));
      expect((await rejectionOf(stores.attach(id, { file_id: second }))).problems[0]?.message).toMatch(
        /bytes are lost/,
      );
      expect((await rejectionOf(stores.attach(id, {}))).problems[0]?.path).toBe("/file_id");
      expect((await rejectionOf(stores.updateFile(id, second, {}))).code).toBe("NOT_FOUND");
    });

    test("batches attach many files or none, and their counts follow the files", async () => {
      await using under = await open();
      const stores = new VectorStores(under.store);
      const { batches } = stores;
      const ids = fileIds(2_000);
      await uploadFiles(under.store, ids);
      const { id } = await stores.create();
      const counts = (total: number): object => ({ in_progress: 0, completed: total, failed: 0, cancelled: 0, total });
      const batch = await batches.create(id, { file_ids: ids, attributes: { kind: "shared" } });
      expect(batch).toEqual({
        id: expect.stringMatching(/^vsfb_[0-9a-f]{24}$/) as string,
        object: "vector_store.files_batch",
        created_at: expect.any(Number) as number,
        vector_store_id: id,
        status: "completed",
        file_counts: counts(2_000),
      });
      expect(await stores.get(id)).toMatchObject({ usage_bytes: 200_000, file_counts: counts(2_000) });
      expect((await stores.getFile(id, ids[7] ?? ""))?.body.vector_store_file.attributes).toEqual({ kind: "shared" });

      const own = await batches.create(id, { files: [{ file_id: "file-0001" }, { file_id: "file-0000" }] });
      expect(own.file_counts).toEqual(counts(2));
      const page = await batches.listFiles(id, own.id, { order: "asc", limit: 1 });
      expect([page.files.map((file) => file.id), page.hasMore]).toEqual([["file-0001"], true]);
      const next = await batches.listFiles(id, own.id, { order: "asc", limit: 1, after: "file-0001" });
      expect([next.files.map((file) => file.id), next.hasMore]).toEqual([["file-0000"], false]);
      const previous = await batches.listFiles(id, own.id, { order: "asc", limit: 5, before: "file-0000" });
      expect(previous.files.map((file) => file.id)).toEqual(["file-0001"]);
      await expect(batches.listFiles(id, own.id, { after: "file-0002" })).rejects.toMatchObject({
        code: "INVALID_CURSOR",
      });
      expect((await batches.listFiles(id, batch.id, { filter: "failed" })).files).toEqual([]);
      await stores.detach(id, "file-0001");
      expect((await batches.get(id, batch.id)).file_counts).toEqual(counts(1_999));
      expect(await batches.cancel(id, own.id)).toMatchObject({ status: "completed", file_counts: counts(1) });

      const other = await stores.create();
      expect((await rejectionOf(batches.get(other.id, batch.id))).code).toBe("NOT_FOUND");
      const unknown = await rejectionOf(
        batches.create(other.id, { files: [{ file_id: "file-0" }, { file_id: "file-x" }] }),
      );
      expect(unknown.problems.map(({ path }) => path)).toEqual(["/files/0/file_id", "/files/1/file_id"]);
      for (const given of [{}, { file_ids: [] }, { file_ids: [...ids, "file-x"] }, { file_ids: ["a"], files: [] }]) {
        expect((await rejectionOf(batches.create(other.id, given))).code).toBe("INVALID_DOCUMENT");
      }
      expect(await stores.get(other.id)).toMatchObject({ file_counts: { total: 0 } });
      expect(await under.store.collection(batchesCollection).count()).toBe(2);
    });

    test("V14: a store expires after its days without activity; then it can be read and deleted, and nothing else", async () => {
      await using under = await open();
      const backend = new MemoryVectorBackend();
      let now = 1_760_000_000_000;
      const stores = new VectorStores(under.store, { backend, now: () => now });
      await uploadFiles(under.store, ["file-1", "file-2"]);
      const { id } = await stores.create({ expires_after: { anchor: "last_active_at", days: 2 } });
      const kept = await stores.create();
      now += dayMs;
      await stores.attach(id, { file_id: "file-1" });
      expect(await stores.get(id)).toMatchObject({ last_active_at: now / 1000, expires_at: (now + 2 * dayMs) / 1000 });
      now += 2 * dayMs - 1_000;
      await stores.maintain({ signal: new AbortController().signal });
      expect(await stores.get(id)).toMatchObject({ status: "completed" });
      now += 1_000;
      expect(await stores.get(id)).toMatchObject({ status: "expired", file_counts: { total: 1 } });
      for (const call of [
        stores.attach(id, { file_id: "file-2" }),
        stores.batches.create(id, { file_ids: ["file-2"] }),
        stores.update(id, { expires_after: null }),
        stores.search(id, { queries: ["x"], maxResults: 1, rewriteQuery: false }),
      ]) {
        expect(await rejectionOf(call)).toMatchObject({ code: "INVALID_DOCUMENT", message: /has expired/ });
      }
      expect(await backend.list()).toEqual([id, kept.id]);
      await stores.maintain({ signal: new AbortController().signal });
      expect(await backend.list()).toEqual([kept.id]);
      // A clock that is set back does not bring it to life again; its collection is gone.
      now -= 10 * dayMs;
      expect(await stores.get(id)).toMatchObject({ status: "expired" });
      expect(await stores.reconcile()).toEqual([]);
      expect((await stores.listFiles(id)).files).toHaveLength(1);
      expect(await stores.delete(id)).toBe(true);
      expect(await under.store.collection(intentsCollection).count()).toBe(0);
    });

    test("V9: a file that is deleted leaves every store in the same transaction", async () => {
      await using under = await open();
      const stores = new VectorStores(under.store);
      await uploadFiles(under.store, ["file-1", "file-2"]);
      const made = [
        await stores.create({ file_ids: ["file-1", "file-2"] }),
        await stores.create({ file_ids: ["file-1"] }),
      ];
      const remove = (fails: boolean): Promise<void> =>
        under.store.transaction(async (transaction) => {
          await stores.detachDeleted(transaction, "file-1", false);
          await transaction.collection(filesCollection).delete("file-1");
          if (fails) throw new Error("not after all");
        });
      await expect(remove(true)).rejects.toThrow("not after all");
      expect(await stores.get(made[0]?.id ?? "")).toMatchObject({ file_counts: { total: 2 } });
      await remove(false);
      expect(await stores.get(made[0]?.id ?? "")).toMatchObject({ file_counts: { total: 1 }, usage_bytes: 100 });
      expect(await stores.get(made[1]?.id ?? "")).toMatchObject({ file_counts: { total: 0 }, usage_bytes: 0 });
    });

    test("what belongs to another owner is not found", async () => {
      await using under = await open();
      const stores = new VectorStores(under.store);
      await uploadFiles(under.store, ["file-1"], "alice");
      const { id } = await stores.create({ file_ids: ["file-1"] }, { owner: "alice" });
      const bob = { owner: "bob" };
      expect(await stores.get(id, bob)).toBeUndefined();
      expect(await stores.delete(id, bob)).toBe(false);
      expect((await stores.list(bob)).vectorStores).toEqual([]);
      expect((await rejectionOf(stores.listFiles(id, bob))).code).toBe("NOT_FOUND");
      const his = await stores.create({}, bob);
      expect((await rejectionOf(stores.attach(his.id, { file_id: "file-1" }, bob))).code).toBe("NOT_FOUND");
      expect(await stores.get(id, { owner: "alice" })).toMatchObject({ file_counts: { total: 1 } });
    });

    test("V5 of deletes: a store goes with any number of files and batches, also when the process dies in between", async () => {
      await using under = await open();
      const backend = new MemoryVectorBackend();
      const ids = fileIds(250);
      await uploadFiles(under.store, ids);
      const stores = new VectorStores(under.store, { backend });
      const { id } = await stores.create();
      await stores.batches.create(id, { file_ids: ids });
      const kept = await stores.create({ file_ids: ids.slice(0, 3) });
      const dying = new VectorStores(diesAfter(under.store, 3), { backend });
      await expect(dying.delete(id)).rejects.toThrow("died");
      expect(await stores.get(id)).toBeUndefined();
      expect(await under.store.collection(attachmentsCollection).count()).toBe(53);

      const store = await under.reopen();
      const reopened = new VectorStores(store, { backend });
      expect(await reopened.reconcile()).toEqual([
        { surface: "vector_stores", action: "finished", reason: "deletion_interrupted", count: 1, ids: [id] },
      ]);
      expect(await reopened.reconcile()).toEqual([]);
      expect(await store.collection(attachmentsCollection).count()).toBe(3);
      expect(await store.collection(batchesCollection).count()).toBe(0);
      expect(await backend.list()).toEqual([kept.id]);
    });

    test("S9: on a full disk files are detached and stores deleted, and everything else is refused and changes nothing", async () => {
      await using under = await open();
      const backend = new MemoryVectorBackend();
      const ids = fileIds(150);
      await uploadFiles(under.store, ids);
      const stores = new VectorStores(under.store, { backend });
      const { id } = await stores.create();
      await stores.batches.create(id, { file_ids: ids.slice(1) });
      const full = new VectorStores(onFullDisk(under.store), { backend });
      expect((await rejectionOf(full.attach(id, { file_id: ids[0] }))).code).toBe("STORAGE_FULL");
      expect((await rejectionOf(full.create())).code).toBe("STORAGE_FULL");
      expect(await backend.list()).toEqual([id]);
      expect(await full.detach(id, ids[1] ?? "")).toBe(true);
      expect(await full.get(id)).toMatchObject({ file_counts: { total: 148 } });
      expect(await full.delete(id)).toBe(true);
      expect(await stores.get(id)).toBeUndefined();
      expect(await backend.list()).toEqual([]);
      for (const collection of [attachmentsCollection, batchesCollection, intentsCollection]) {
        expect(await under.store.collection<unknown>(collection).count()).toBe(0);
      }
    });

    test("a create that is repeated with one idempotency key makes one store, and one collection", async () => {
      await using under = await open();
      const backend = new MemoryVectorBackend();
      const stores = new VectorStores(under.store, { backend });
      const idempotency = { scope: ["key"], request: { name: "a" } };
      const [first, second] = await Promise.all([
        stores.create({ name: "a" }, { idempotency }),
        stores.create({ name: "a" }, { idempotency }),
      ]);
      expect(second.id).toBe(first.id);
      expect(
        (await new VectorStores(await under.reopen(), { backend }).create({ name: "a" }, { idempotency })).id,
      ).toBe(first.id);
      expect(await backend.list()).toEqual([first.id]);
      expect(await under.store.collection(intentsCollection).count()).toBe(0);
    });

    test("V7: whatever happens at once, counts and bytes equal the attachments that exist", async () => {
      await using under = await open();
      const stores = new VectorStores(under.store, { ingestion: "external" });
      const ids = fileIds(12);
      await uploadFiles(under.store, ids);
      const { id } = await stores.create();
      const attachAndSettle = async (file: string, round: number): Promise<void> => {
        await stores.attach(id, { file_id: file });
        const status = round % 3 === 0 ? "failed" : "completed";
        const last_error = status === "failed" ? { code: "invalid_file", message: "unreadable" } : null;
        await stores.settleFile(id, file, { status, last_error, usage_bytes: round });
      };
      for (let round = 0; round < 4; round += 1) {
        const outcomes = await Promise.allSettled([
          ...ids.map((file) => attachAndSettle(file, round)),
          ...ids.map((file, index) => ((index + round) % 2 === 0 ? stores.detach(id, file) : stores.get(id))),
          stores.batches
            .create(id, { file_ids: ids.slice(0, 4) })
            .then(({ id: batch }) => stores.batches.cancel(id, batch)),
        ]);
        for (const outcome of outcomes) {
          // A result that comes too late is refused; nothing else may fail.
          if (outcome.status === "rejected") {
            expect(outcome.reason).toMatchObject({
              code: expect.stringMatching(/^(NOT_FOUND|REVISION_CONFLICT)$/) as string,
            });
          }
        }
        expect(await stores.get(id)).toMatchObject(await recount(under.store, id));
      }
    });
  });
}
