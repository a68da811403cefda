import fc from "fast-check";
import { expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { ChangeCollector } from "../readers/change-collector.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";
import { entries } from "../programs/entries.js";
import { FollowedReader, textsOf } from "./readers-model/followed-reader.js";
import { expectAcknowledged, expectFollowed, modelsOf, transactionsOf } from "./readers-model/history.js";
import { steps, type Step } from "./readers-model/steps.js";
import { Writers } from "./readers-model/writers.js";

/** Set it to repeat a failure, which names it; beside it stands how far fast-check had come. */
const seed = Number(process.env["HOLDFAST_MODEL_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env["HOLDFAST_MODEL_RUNS"] ?? 4);

/** A run takes some seconds; one that waits for what never comes is to end here, and say with which seed. */
const longestRunMs = 60_000;

/** Readers in this process, beside an owner in another. */
class Readers implements AsyncDisposable {
  readonly #folder: StateFolder;
  #open: FollowedReader[] = [];
  readonly all: FollowedReader[] = [];

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  get open(): readonly FollowedReader[] {
    return this.#open;
  }

  async openOne(since: number): Promise<void> {
    const state = await this.#folder.open({ mode: "reader" });
    const reader = new FollowedReader(state, Math.floor((state.lastSequence * since) / 100));
    this.#open.push(reader);
    this.all.push(reader);
  }

  async closeOne(which: number): Promise<void> {
    const [reader] = this.#open.splice(which % Math.max(1, this.#open.length), 1);
    await reader?.[Symbol.asyncDispose]();
  }

  async compareOne(which: number): Promise<void> {
    await this.#open[which % Math.max(1, this.#open.length)]?.takePicture();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.#open.splice(0)) await reader[Symbol.asyncDispose]();
  }
}

async function perform(step: Step, writers: Writers, readers: Readers): Promise<void> {
  switch (step.kind) {
    case "work":
      return writers.work(step.work, step.inFlight);
    case "checkpoint":
      return writers.checkpoint();
    case "reopen":
      return writers.reopen();
    case "kill":
      return writers.kill(step.work, step.afterMs);
    case "displace":
      return writers.displace(step.work, step.afterMs);
    case "resume":
      return writers.resume();
    case "openReader":
      return readers.openOne(step.since);
    case "closeReader":
      return readers.closeOne(step.which);
    case "compareReader":
      return readers.compareOne(step.which);
  }
}

test(
  "readers that come and go beside writers that are killed, displaced and reopened see what a Map would be, and each commit once",
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (chosen) => {
        await using folder = await stateFolder();
        await using writers = await Writers.open(folder.directory);
        await using readers = new Readers(folder);
        for (const step of chosen) await perform(step, writers, readers);
        await writers.close();

        // One more reader, which comes when all is over, says what the order of commits was.
        await readers.openOne(100);
        const state = await folder.open({ mode: "reader" });
        const newest = state.lastSequence;
        await using whole = new ChangeCollector(state, 0);
        if (newest > 0) await whole.until(({ last }) => last >= newest);
        for (const { feed, since } of readers.open) if (since < newest) await feed.until(({ last }) => last >= newest);
        for (const reader of readers.open) await reader.takePicture();

        const transactions = transactionsOf(whole.changes, writers.submitted);
        expectAcknowledged(writers, transactions);
        const models = modelsOf(whole.changes, transactions);
        for (const reader of readers.all) expectFollowed(reader, whole.changes, models);
        expect(readers.open.map(({ pictures }) => pictures.at(-1)?.sequence)).toEqual(readers.open.map(() => newest));
        const owner = await folder.open();
        writers.expectRecovered(owner.recovery);
        const { documents } = await owner.collection(entries).list({ limit: 1_000 });
        expect(textsOf(documents)).toEqual(models.at(-1)?.texts);
        await owner.close();
        expect(await verifyStateDirectory(folder.directory)).toMatchObject({ ok: true });
      }),
      // The same steps do not meet the same moments again, so looking for fewer of them would mislead.
      { seed, numRuns, endOnFailure: true, timeout: longestRunMs },
    );
  },
);
