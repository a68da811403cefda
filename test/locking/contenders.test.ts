import { join } from "node:path";
import { expect, test } from "vitest";
import { entries } from "../programs/entries.js";
import { allOf } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";
import { StateProcess, type ProcessEvent, type StateProcessOptions } from "../support/state-process.js";

const contenders = 8;
const aLongTime = 600_000;

/** Processes that want one directory. Those that died are replaced in the background, so that no round waits for it. */
class Crowd implements AsyncDisposable {
  readonly #options: StateProcessOptions;
  readonly #waiting: Promise<StateProcess>[];

  constructor(options: StateProcessOptions) {
    this.#options = options;
    this.#waiting = Array.from({ length: contenders + 2 }, () => StateProcess.start(options));
  }

  /** Has eight of them open the directory at once. The others are given back to the crowd. @returns the owners. */
  async contend(directory: string): Promise<{ owners: StateProcess[]; outcomes: ProcessEvent[] }> {
    const called = await Promise.all(this.#waiting.splice(0, contenders));
    const open = { directory, staleAfterMs: aLongTime };
    const outcomes = await Promise.all(called.map((each) => each.tell({ open })));
    const owners: StateProcess[] = [];
    for (const [index, each] of called.entries()) {
      if (outcomes[index]?.event === "done") owners.push(each);
      else this.#waiting.push(Promise.resolve(each));
    }
    this.#waiting.push(...owners.map(() => StateProcess.start(this.#options)));
    return { owners, outcomes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#waiting) await (await each)[Symbol.asyncDispose]();
  }
}

const deep = ["so-deep-that-the-name-of-the-socket-is-too-long-for-the-kernel".repeat(2), "state"];

test.each([
  ["200 times", 200, [], true],
  ["where the socket's name is too long", 30, deep, true],
  ["where there are no sockets", 30, deep, false],
] as const)(
  "of eight that want a dead writer's directory at the same moment, exactly one gets it: %s",
  { timeout: 900_000 },
  async (_, rounds, below, sockets) => {
    await using folder = await stateFolder();
    const directory = join(folder.directory, ...below);
    await using crowd = new Crowd({ sockets });
    const times: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const { owners, outcomes } = await crowd.contend(directory);
      try {
        expect(owners).toHaveLength(1);
        const won = outcomes.find(({ event }) => event === "done");
        expect(won).toMatchObject({ epoch: round, recovery: { lostSequences: [], damage: [] } });
        expect(won?.recovery?.takeover.how).toBe(round === 1 ? "unclaimed" : "dead");
        times.push(won?.tookMs ?? 0);
        const lost = outcomes.filter(({ event }) => event !== "done");
        expect(lost.map(({ code }) => code)).toEqual(Array.from({ length: contenders - 1 }, () => "WRITER_LOCKED"));
        await owners[0]?.do({ insert: { prefix: `round-${round}`, count: 1 } });
      } finally {
        for (const owner of owners) await owner.kill();
      }
    }
    const state = await folder.open({ directory });
    const found = await allOf(state.collection(entries));
    for (let round = 1; round <= rounds; round += 1) expect(found.get(`round-${round}-1`)?.epoch).toBe(round);
    const sorted = times.sort((left, right) => left - right);
    const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    console.info(`${rounds} rounds: from the call to the open directory ${at(0.5)} ms (median), ${at(0.99)} ms (p99)`);
  },
);
