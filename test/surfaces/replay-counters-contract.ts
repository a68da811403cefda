import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { amountAsNumber, amountOf, formatAmount, parseAmount } from "../../src/surfaces/replay/amounts.js";
import {
  Replay,
  replayCountersCollection,
  replayRecordsCollection,
  replayTotalsCollection,
  signalKinds,
  type ReplayRecordInput,
} from "../../src/surfaces/replay/index.js";
import { totalsId } from "../../src/surfaces/replay/replay-counter-document.js";
import { at, countersAndRecount, countingCommits, record, second, start } from "./replay-samples.js";
import type { StoreFactory } from "./store-under-test.js";

const completed: ReplayRecordInput = {
  lifecycle_state: "completed",
  cost_savings: 0.3,
  baseline_cost: 0.4,
  actual_cost: 0.1,
  currency: "USD",
};

const anyMembers = fc.record(
  {
    recipe: fc.constantFrom("a", "b", ""),
    decision: fc.constantFrom("x", "y"),
    selected_model: fc.constantFrom("m", "n"),
    original_model: fc.constantFrom("m", "auto"),
    from_cache: fc.boolean(),
    currency: fc.constantFrom("USD", "EUR", "__proto__"),
    actual_cost: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    baseline_cost: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    cost_savings: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    prompt_tokens: fc.option(fc.nat(10_000)),
    total_tokens: fc.option(fc.nat(10_000)),
    lifecycle_state: fc.constantFrom("in_progress", "completed", "unknown", "failed"),
    signals: fc.record({ keyword: fc.array(fc.constant("k")), classifier: fc.array(fc.constant("c")) }),
  },
  { requiredKeys: [] },
);

const anyOperation = fc.tuple(
  fc.constantFrom("add", "usage", "finish", "status", "delete", "deleteSession", "deleteOlderThan", "reopen"),
  fc.nat(11),
  anyMembers,
);

/** The counters equal a count of all records, at every commit, on any engine. */
export function replayCountersContract(engine: string, open: StoreFactory): void {
  const now = (): number => start + 60 * second;

  describe(`the replay counters on ${engine}`, () => {
    test("P17: every kind of signal, each currency by itself, and only what is complete", async () => {
      await using under = await open();
      const replay = new Replay(under.store, { now });
      const signals = Object.fromEntries(signalKinds.map((kind, index) => [kind, Array<string>(index + 1).fill("s")]));
      const euros = { ...completed, currency: "EUR", cost_savings: 1, baseline_cost: 3, actual_cost: 2 };
      await replay.add(record("r1", { ...completed, signals, selected_model: "m", decision: "d", recipe: "r" }));
      await replay.add(record("r2", { ...completed, prompt_tokens: 0, original_model: "auto" }));
      await replay.add(record("r3", { ...euros, prompt_tokens: 3, completion_tokens: 4 }));
      await replay.add(record("r4", { ...completed, actual_cost: null, total_tokens: 9, prompt_tokens: 1 }));
      await replay.add(record("r5", { ...completed, lifecycle_state: "failed" }));
      const aggregate = await replay.aggregate();
      expect(aggregate.costs).toEqual([
        { currency: "USD", totalSaved: 0.6, baselineSpend: 0.8, actualSpend: 0.2, recordCount: 2 },
        { currency: "EUR", totalSaved: 1, baselineSpend: 3, actualSpend: 2, recordCount: 1 },
      ]);
      expect(aggregate.signals).toEqual(Object.fromEntries(signalKinds.map((kind, index) => [kind, index + 1])));
      expect(aggregate).toMatchObject({
        recordCount: 5,
        lifecycle: { completed: 4, failed: 1, aborted: 0, in_progress: 0, unknown: 0 },
        costExcludedCount: 2,
        tokens: { inputTokens: 4, outputTokens: 4, totalTokens: 16, recordCount: 3 },
        tokensExcludedCount: 2,
        available: { recipes: ["r"], decisions: ["r::d"], models: ["auto", "m"] },
      });
      expect(aggregate.byDecision.find(({ name }) => name === "r::d")).toMatchObject({ recordCount: 1 });
      expect(aggregate.bySelectedModel.find(({ name }) => name === "")).toMatchObject({
        recordCount: 4,
        tokens: { totalTokens: 16 },
      });
      const filtered = await replay.aggregate({ model: "auto" });
      expect(filtered).toMatchObject({ recordCount: 1, available: { recipes: ["r"] } });
    });

    test("a filter adds up the same whether cells or records are added", async () => {
      await using under = await open();
      const replay = new Replay(under.store, { now });
      const members = fc.sample(anyMembers, { numRuns: 60, seed: 7 });
      await Promise.all(
        members.map((given, index) => replay.add(record(`r${index}`, { ...given, session_id: "s", request_id: "q" }))),
      );
      for (const filter of [
        {},
        { recipe: "a" },
        { model: "m" },
        { decision: "b::x" },
        { cache_status: "cached" as const },
      ]) {
        const fromCells = await replay.aggregate(filter);
        const sorted = (aggregate: typeof fromCells): unknown => ({
          ...aggregate,
          byDecision: [...aggregate.byDecision].sort((left, right) => (left.name < right.name ? -1 : 1)),
          bySelectedModel: [...aggregate.bySelectedModel].sort((left, right) => (left.name < right.name ? -1 : 1)),
        });
        expect(sorted(await replay.aggregate({ ...filter, session_id: "s" }))).toEqual(sorted(fromCells));
        expect((await replay.list(filter)).total).toBe(fromCells.recordCount);
      }
    });

    test("64 writers at once leave them exact, with every operation answered", async () => {
      await using under = await open();
      const replay = new Replay(under.store, { now });
      await Promise.all(
        Array.from({ length: 64 }, async (_, writer) => {
          for (let turn = 0; turn < 6; turn += 1) {
            const id = `r${writer}_${turn}`;
            await replay.add(record(id, { selected_model: `m${turn % 2}` }));
            await replay.patch(id, {
              usage: { prompt_tokens: writer, actual_cost: 0.1, baseline_cost: 0.3, cost_savings: 0.2 },
            });
            const ends = await Promise.all([
              replay.finish(id, { state: "completed" }),
              replay.finish(id, { state: "failed" }),
            ]);
            expect(ends.filter(({ finished }) => finished)).toHaveLength(1);
            if (turn % 3 === 2) expect(await replay.delete(id)).toBe(true);
          }
        }),
      );
      const { kept, counted } = await countersAndRecount(under.store);
      expect(kept).toEqual(counted);
      expect(await replay.aggregate()).toMatchObject({
        recordCount: 256,
        lifecycle: { completed: 256, failed: 0 },
        costs: [{ recordCount: 256, totalSaved: 51.2, actualSpend: 25.6 }],
      });
    });

    test("whatever is done, in whatever order and company, they equal a count of all records", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(anyOperation, { minLength: 1, maxLength: 6 }), { maxLength: 8 }),
          async (rounds) => {
            await using under = await open();
            let replay = new Replay(under.store, { now, retention: { maximumCount: 6 } });
            // The first operation, whatever it is, makes the counters.
            await replay.delete("none");
            for (const round of rounds) {
              const outcomes = await Promise.allSettled(
                round.map(([operation, number, members]) => {
                  const id = `r${number}`;
                  const timestamp = at(number);
                  if (operation === "add")
                    return replay.add(record(id, { ...members, timestamp, session_id: `s${number % 3}` }));
                  const { prompt_tokens, actual_cost, currency } = members;
                  if (operation === "usage") return replay.updateUsage(id, { prompt_tokens, actual_cost, currency });
                  if (operation === "finish") return replay.finish(id, { state: "completed" });
                  if (operation === "status") return replay.updateStatus(id, { streaming: true });
                  if (operation === "delete") return replay.delete(id);
                  if (operation === "deleteSession") return replay.deleteSession(`s${number % 3}`);
                  if (operation === "deleteOlderThan") return replay.deleteOlderThan(at(number));
                  return Promise.resolve();
                }),
              );
              const refused = outcomes.flatMap((outcome) =>
                outcome.status === "rejected" ? [outcome.reason as unknown] : [],
              );
              for (const reason of refused) {
                expect(reason).toMatchObject({ code: expect.stringMatching(/^(NOT_FOUND|ALREADY_EXISTS)$/) as string });
              }
              if (round.some(([operation]) => operation === "reopen")) {
                replay = new Replay(await under.reopen(), { now, retention: { maximumCount: 6 } });
              }
              const { kept, counted } = await countersAndRecount(under.store);
              expect(kept).toEqual(counted);
            }
          },
        ),
        { numRuns: 25 },
      );
    });

    test("one operation that fails takes none of its company along, and leaves nothing in the counters", async () => {
      await using under = await open();
      const replay = new Replay(under.store, { now, retention: { maximumBytes: 1e9 } });
      await replay.add(record("taken"));
      const policy = { max_record_bytes: 2_048 };
      const outcomes = await Promise.allSettled([
        replay.add(record("one")),
        replay.add(record("taken")),
        replay.add(record("large", { session_policy: { note: "x".repeat(4_000) } }), { policy }),
        replay.updateStatus("never", { response_status: 200 }),
        replay.add(record("two")),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        "fulfilled",
        "rejected",
        "rejected",
        "rejected",
        "fulfilled",
      ]);
      const { kept, counted } = await countersAndRecount(under.store);
      expect(kept).toEqual(counted);
      expect(replay.counters).toMatchObject({ added: 3, dropped: 2, failedChanges: 1 });
    });

    test("more than fits into one transaction goes into several", async () => {
      await using under = await open();
      const { store, commits } = countingCommits(under.store);
      const replay = new Replay(store, { now });
      const policy = { max_record_bytes: 4 * 1024 * 1024 };
      const session_policy = { note: "x".repeat(3 * 1024 * 1024) };
      const before = commits();
      await Promise.all(
        Array.from({ length: 8 }, (_, number) => replay.add(record(`r${number}`, { session_policy }), { policy })),
      );
      expect(commits() - before).toBeGreaterThan(2);
      expect(await replay.aggregate()).toMatchObject({ recordCount: 8 });
    });

    test("P7: after damage they are counted anew, and it is reported", async () => {
      await using under = await open();
      const replay = new Replay(under.store, { now, run: "run_1" });
      for (let number = 0; number < 4; number += 1) await replay.add(record(`r${number}`, { selected_model: "m" }));
      // As if recovery had set a damaged document aside.
      await under.store.collection(replayRecordsCollection).delete("r2");
      expect(await replay.reconcile()).toMatchObject([
        { surface: "replay", action: "recounted", reason: "counters_differed" },
      ]);
      expect(await replay.aggregate()).toMatchObject({ recordCount: 3 });

      const [cell] = (await under.store.collection(replayCountersCollection).list()).documents;
      await under.store.collection(replayCountersCollection).delete(cell?.id ?? "");
      expect(await replay.reconcile()).toMatchObject([{ reason: "counters_differed" }]);
      await under.store.collection(replayTotalsCollection).delete(totalsId);
      expect(await replay.aggregate()).toMatchObject({ recordCount: 3 });
      expect(await replay.reconcile()).toMatchObject([{ reason: "counters_missing" }]);
      expect(await replay.reconcile()).toEqual([]);
      const { kept, counted } = await countersAndRecount(under.store);
      expect(kept).toEqual(counted);
    });

    test("cells that turn out impossible under way are counted anew, and the operation is done all the same", async () => {
      await using under = await open();
      const replay = new Replay(under.store, { now });
      await replay.add(record("r1"));
      const [cell] = (await under.store.collection(replayCountersCollection).list()).documents;
      await under.store.collection(replayCountersCollection).delete(cell?.id ?? "");
      await replay.finish("r1", { state: "completed" });
      expect(replay.counters.recounts).toBe(1);
      const { kept, counted } = await countersAndRecount(under.store);
      expect(kept).toEqual(counted);
    });
  });
}

/** Apart from any engine. */
test("amounts add up without a trace of their order", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true })), (amounts) => {
      const sum = amounts.map(amountOf).reduce((left, right) => left + right, 0n);
      const back = [...amounts].reverse().reduce((left, amount) => left - amountOf(amount), sum);
      expect(back).toBe(0n);
      expect(parseAmount(formatAmount(sum))).toBe(sum);
    }),
  );
  expect(amountAsNumber(amountOf(0.1) + amountOf(0.2))).toBe(0.3);
  expect(formatAmount(amountOf(-0.05))).toBe("-0.050000000000");
});
