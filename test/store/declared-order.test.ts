import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCollection, type OrderPosition } from "../../src/collections/index.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

interface Event {
  readonly at?: string;
  readonly kind: string;
}

const events = defineCollection<Event>({
  name: "events",
  schema: z.looseObject({ at: z.string().exactOptional(), kind: z.string() }),
  indexes: { kind: { path: "kind" } },
  order: { path: "at" },
});

async function walk(
  state: StateDirectory,
  order: "asc" | "desc",
  where: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await state
      .collection(events)
      .list({ order, limit: 2, where, ...(after === undefined ? {} : { after }) });
    ids.push(...page.documents.map(({ id }) => id));
    if (!page.hasMore) return ids;
    after = ids.at(-1);
  }
}

/** Ids in the order of a plain sort. */
function sorted(model: ReadonlyMap<string, Event>, kind?: string): string[] {
  return [...model]
    .filter(([, event]) => kind === undefined || event.kind === kind)
    .map(([id, { at = "" }]) => ({ id, at }))
    .sort((left, right) => compare(left.at, right.at) || compare(left.id, right.id))
    .map(({ id }) => id);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

describe("a collection with a declared order", () => {
  test("lists along it, whatever the order of writing, through changes, checkpoints and reopenings", async () => {
    const id = fc.constantFrom("a", "b", "c", "d", "e", "f");
    const event = fc.record({
      at: fc.option(fc.constantFrom("1", "2", "3"), { nil: undefined }),
      kind: fc.constantFrom("x", "y"),
    });
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), id, event }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), id }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("checkpoint" as const, "reopen" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await using folder = await stateFolder();
        let state = await folder.open({ collections: [events] });
        const model = new Map<string, Event>();
        for (const what of steps) {
          if (what.do === "put") {
            const body = { kind: what.event.kind, ...(what.event.at === undefined ? {} : { at: what.event.at }) };
            await state.collection(events).put(what.id, body);
            model.set(what.id, body);
          } else if (what.do === "delete") {
            await state.collection(events).delete(what.id);
            model.delete(what.id);
          } else if (what.do === "checkpoint") await state.checkpoint();
          else {
            await state.close();
            state = await folder.open({ collections: [events] });
          }
          expect(await walk(state, "asc")).toEqual(sorted(model));
          expect(await walk(state, "desc")).toEqual(sorted(model).reverse());
          expect(await walk(state, "asc", { kind: "x" })).toEqual(sorted(model, "x"));
        }
      }),
      { numRuns: 12 },
    );
  });

  test("shows a transaction its own writes at their place", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await state.collection(events).insert("a", { at: "2", kind: "x" });
    await state.collection(events).insert("b", { at: "4", kind: "x" });
    const seen = await state.transaction(async (transaction) => {
      await transaction.collection(events).insert("c", { at: "3", kind: "x" });
      await transaction.collection(events).put("b", { at: "1", kind: "x" });
      return (await transaction.collection(events).list()).documents.map(({ id }) => id);
    });
    expect(seen).toEqual(["b", "a", "c"]);
    expect(await walk(state, "asc")).toEqual(["b", "a", "c"]);
  });

  test("goes on from a position whose document is gone", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    for (const number of [1, 2, 3, 4, 5]) {
      await state.collection(events).insert(`e${number}`, { at: String(number), kind: "x" });
    }
    await state.collection(events).delete("e3");
    const from: OrderPosition = { value: "3", id: "e3" };
    const ids = async (options: Parameters<ReturnType<typeof collection>["list"]>[0]): Promise<string[]> =>
      (await collection().list(options)).documents.map((document) => document.id);
    const collection = () => state.collection(events);
    expect(await ids({ after: from })).toEqual(["e4", "e5"]);
    expect(await ids({ after: from, order: "desc" })).toEqual(["e2", "e1"]);
    expect(await ids({ before: from })).toEqual(["e1", "e2"]);
    expect(await ids({ after: from, where: { kind: "x" } })).toEqual(["e4", "e5"]);
    expect(await ids({ after: { value: "4", id: "e4" } })).toEqual(["e5"]);
  });

  test("is what a position needs", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const error = await rejectionOf(state.collection(notes).list({ after: { value: "1", id: "a" } }));
    expect(error.code).toBe("INVALID_CONFIG");
    expect(error.problems).toEqual([{ path: "/after", message: "notes declares no order to have a position in" }]);
  });
});
