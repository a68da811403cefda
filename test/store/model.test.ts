import fc from "fast-check";
import { expect, test } from "vitest";
import { isHoldfastError, type ErrorCode } from "../../src/errors.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { eventually } from "../support/eventually.js";
import { notes, type Note } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

/** As simple as a store can be. A `Map` keeps the order of creation, and moves what was deleted and comes back to its end. */
type Model = Map<string, { readonly revision: number; readonly body: Note }>;

type Write =
  | { readonly kind: "insert" | "put"; readonly id: string; readonly body: Note }
  | { readonly kind: "update"; readonly id: string; readonly tag: string }
  | { readonly kind: "delete"; readonly id: string };

type Step =
  | Write
  | { readonly kind: "conditional"; readonly id: string; readonly ifRevision: number; readonly body: Note }
  | { readonly kind: "transaction"; readonly writes: readonly Write[]; readonly fails: boolean }
  | { readonly kind: "together"; readonly writes: readonly Write[] }
  | { readonly kind: "checkpoint" | "reopen" | "crash" };

const id = fc.constantFrom("a", "A", "b", "c", "x".repeat(256), "é");
const tag = fc.constantFrom("red", "blue");
const body = fc.record({ text: fc.string({ maxLength: 30 }), tag }) as fc.Arbitrary<Note>;
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constantFrom("insert" as const, "put" as const), id, body }),
  fc.record({ kind: fc.constant("update" as const), id, tag }),
  fc.record({ kind: fc.constant("delete" as const), id }),
);
const onDifferentIds = fc.uniqueArray(write, { minLength: 1, maxLength: 5, selector: (value) => value.id });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: write },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("conditional" as const), id, ifRevision: fc.nat(3), body }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("transaction" as const), writes: onDifferentIds, fails: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("together" as const), writes: onDifferentIds }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("checkpoint" as const, "reopen" as const, "crash" as const) }),
  },
);

/** What the store must answer to a write: nothing, or an error code. The model takes it in. */
function expected(model: Model, what: Write): ErrorCode | undefined {
  const present = model.get(what.id);
  switch (what.kind) {
    case "insert":
      if (present !== undefined) return "ALREADY_EXISTS";
      model.set(what.id, { revision: 1, body: what.body });
      return undefined;
    case "put":
      model.set(what.id, { revision: (present?.revision ?? 0) + 1, body: what.body });
      return undefined;
    case "update":
      if (present === undefined) return "NOT_FOUND";
      model.set(what.id, { revision: present.revision + 1, body: { ...present.body, tag: what.tag } });
      return undefined;
    case "delete":
      model.delete(what.id);
      return undefined;
  }
}

interface Writable {
  insert(id: string, body: Note): Promise<unknown>;
  put(id: string, body: Note): Promise<unknown>;
  update(id: string, change: (body: Note) => Note): Promise<unknown>;
  delete(id: string): Promise<unknown>;
}

function perform(collection: Writable, what: Write): Promise<unknown> {
  switch (what.kind) {
    case "insert":
    case "put":
      return collection[what.kind](what.id, what.body);
    case "update":
      return collection.update(what.id, (current) => ({ ...current, tag: what.tag }));
    case "delete":
      return collection.delete(what.id);
  }
}

async function codeOf(writing: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await writing;
    return undefined;
  } catch (error) {
    if (isHoldfastError(error)) return error.code;
    throw error;
  }
}

async function expectSame(state: StateDirectory, model: Model): Promise<void> {
  const collection = state.collection(notes);
  const listed = (await collection.list()).documents.map((document) => ({
    id: document.id,
    revision: document.revision,
    body: document.body,
  }));
  expect(listed).toEqual([...model].map(([key, value]) => ({ id: key, ...value })));
  for (const value of ["red", "blue"]) {
    const tagged = [...model].filter(([, document]) => document.body.tag === value).map(([key]) => key);
    const found = await collection.list({ where: { tag: value }, order: "desc" });
    expect(found.documents.map((document) => document.id)).toEqual(tagged.reverse());
    expect(await collection.count({ where: { tag: value } })).toBe(tagged.length);
  }
  expect((await collection.get("a"))?.body).toEqual(model.get("a")?.body);
}

class Aborted extends Error {}

/** A transaction is all or nothing: the model takes in its writes only if none of them fails. */
async function transact(state: StateDirectory, model: Model, writes: readonly Write[], fails: boolean): Promise<Model> {
  const after: Model = new Map(model);
  const codes = writes.map((what) => expected(after, what));
  const outcome = state.transaction(async (tx) => {
    for (const what of writes) await perform(tx.collection(notes), what);
    if (fails) throw new Aborted();
  });
  const code = codes.find((found) => found !== undefined);
  if (code !== undefined) expect(await codeOf(outcome)).toBe(code);
  else if (fails) await expect(outcome).rejects.toThrow(Aborted);
  else await outcome;
  return code === undefined && !fails ? after : model;
}

const layouts = [
  ["documents in files of their own", {}],
  ["documents in packs", { packAtDocuments: 1, looseLimit: 0, mergeFactor: 3 }],
  ["documents in both", { packAtDocuments: 3, looseLimit: 2, mergeFactor: 3 }],
] as const;

test.each(layouts)(
  "whatever is done, in whatever order, with crashes and reopenings, the store is what a Map would be: %s",
  async (_name, layout) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        await using folder = await stateFolder();
        const settings = {
          firstSegmentBytes: 16 * 1024,
          segmentBytes: 16 * 1024,
          cacheBytes: 0,
          journalRetainBytes: 0,
          ...layout,
        };
        let { directory } = folder;
        let state = await folder.open(settings);
        let model: Model = new Map();
        for (const what of steps) {
          const collection = state.collection(notes);
          switch (what.kind) {
            case "checkpoint":
              await state.checkpoint();
              break;
            case "crash": {
              await eventually("nothing is being merged", () => !state.metrics.merging);
              const crashed = await folder.crash(directory);
              await state.close();
              directory = crashed;
              state = await folder.open({ directory, ...settings });
              expect(state.recovery).toMatchObject({ damage: [], lostDocuments: [], lostSequences: [] });
              // What was replayed is being moved into files; a copy of files on the move would be none of a crash.
              const { lastSequence } = state.recovery;
              await eventually("the checkpoint is over", () => state.metrics.checkpointSequence >= lastSequence);
              await eventually("nothing is being merged", () => !state.metrics.merging);
              break;
            }
            case "reopen":
              await state.close();
              state = await folder.open({ directory, ...settings });
              expect(state.recovery.outcome).toBe("clean");
              break;
            case "conditional": {
              const present = model.get(what.id)?.revision ?? 0;
              const code = await codeOf(collection.put(what.id, what.body, { ifRevision: what.ifRevision }));
              expect(code).toBe(present === what.ifRevision ? undefined : "REVISION_CONFLICT");
              if (code === undefined) model.set(what.id, { revision: present + 1, body: what.body });
              break;
            }
            case "transaction":
              model = await transact(state, model, what.writes, what.fails);
              break;
            case "together": {
              const codes = what.writes.map((each) => expected(model, each));
              expect(await Promise.all(what.writes.map((each) => codeOf(perform(collection, each))))).toEqual(codes);
              break;
            }
            default:
              expect(await codeOf(perform(collection, what))).toBe(expected(model, what));
          }
          await expectSame(state, model);
        }
        await state.close();
        const { findings } = await verifyStateDirectory(directory);
        expect(findings).toEqual([]);
      }),
      { numRuns: 15 },
    );
  },
);
