import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Change } from "../../src/collections/index.js";
import type { FileSystem, OpenFile, OpenMode } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { entries } from "../programs/entries.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { allOf, notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";
import { StateProcess } from "../support/state-process.js";
import { ChangeCollector } from "./change-collector.js";

/** Checkpoints and segments come often, nothing is kept behind them, and no body stays in memory. */
const restless = {
  firstSegmentBytes: 16 * 1024,
  segmentBytes: 16 * 1024,
  checkpointBytes: 4 * 1024,
  checkpointIdleMs: 10,
  journalRetainBytes: 0,
};

const pair = { left: "left", right: "right" };

/** What both documents of the pair say, in one listing. */
async function pairIn(state: StateDirectory): Promise<(string | undefined)[]> {
  const { documents } = await state.collection(entries).list({ limit: 1_000 });
  return [pair.left, pair.right].map((wanted) => documents.find(({ id }) => id === wanted)?.body.text);
}

function pairOf({ operations }: Change): unknown[] {
  return operations.flatMap((operation) => {
    const isOfPair = operation.type === "put" && (operation.id === pair.left || operation.id === pair.right);
    return isOfPair ? [(operation.body as { text: string }).text] : [];
  });
}

describe("a reader beside a writer that is busy", () => {
  test.each([
    ["and keeps the journal", { ...restless, journalRetainBytes: 256 * 1024 * 1024 }],
    ["and prunes the journal at once", restless],
  ])("%s never sees half a transaction", async (_, options) => {
    await using folder = await stateFolder();
    await using writer = await StateProcess.open({ directory: folder.directory, ...options });
    await writer.do({ loopPairs: pair });
    let listings = 0;
    let openings = 0;
    const halves: unknown[] = [];
    const ended = performance.now() + 5_000;
    while (performance.now() < ended) {
      // Opened anew again and again: the first picture is the one that is taken from files that change meanwhile.
      const reader = await folder.open({ mode: "reader", cacheBytes: 0 });
      openings += 1;
      expect(reader.recovery).toMatchObject({ damage: [], lostSequences: [], lostDocuments: [] });
      await using follower = new ChangeCollector(reader);
      for (let count = 0; count < 25; count += 1) {
        const [left, right] = await pairIn(reader);
        if (left !== right) halves.push({ left, right });
        listings += 1;
      }
      for (const change of follower.changes) {
        const [left, right, ...more] = pairOf(change);
        if (left !== right || more.length > 0) halves.push(change);
      }
      await reader.close();
    }
    expect(halves).toEqual([]);
    await writer.do({ stop: true });
    const newest = (await writer.do({ list: true })).ids;
    const reader = await folder.open({ mode: "reader" });
    expect([...(await allOf(reader.collection(entries))).keys()].sort()).toEqual(newest);
    console.info(`${openings} readers took ${listings} listings`);
  });

  test("that is killed finds its last acknowledged commit in a reader", async () => {
    await using folder = await stateFolder();
    for (let round = 1; round <= 5; round += 1) {
      await using writer = await StateProcess.open({ directory: folder.directory, ...restless });
      const before = await folder.open({ mode: "reader" });
      await writer.do({ insert: { prefix: `round-${round}`, count: 3 } });
      await writer.kill();
      const after = await folder.open({ mode: "reader" });
      for (const reader of [before, after]) {
        await eventually("the last commit", async () => {
          return (await reader.collection(entries).get(`round-${round}-3`)) !== undefined;
        });
        await reader.close();
      }
    }
  });
});

/** The machine's files, but that one write to the journal returns only when it is let go. */
class SlowJournal implements Disposable {
  readonly #text: string;
  readonly #reached: Promise<void>;
  #markReached!: () => void;
  readonly #letGo: Promise<void>;
  #open!: () => void;

  /** @param text which write is the one: that of a batch with this text. */
  constructor(text: string) {
    this.#text = text;
    this.#reached = new Promise((resolve) => {
      this.#markReached = resolve;
    });
    this.#letGo = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Resolves when the bytes are in the file, and the writer does not know. */
  get reached(): Promise<void> {
    return this.#reached;
  }

  letGo(): void {
    this.#open();
  }

  [Symbol.dispose](): void {
    this.letGo();
  }

  fileSystem(): FileSystem {
    const afterWrite = async (written: Buffer): Promise<void> => {
      if (!written.includes(this.#text)) return;
      this.#markReached();
      await this.#letGo;
    };
    const open = async (path: string, mode: OpenMode): Promise<OpenFile> => {
      const file = await nodeFileSystem.open(path, mode);
      if (mode !== "write-through") return file;
      return {
        path,
        read: (...given) => file.read(...given),
        readNow: (...given) => file.readNow(...given),
        async write(buffer, offset, length, position) {
          const count = await file.write(buffer, offset, length, position);
          await afterWrite(Buffer.from(buffer.subarray(offset, offset + length)));
          return count;
        },
        sync: () => file.sync(),
        truncate: (length) => file.truncate(length),
        size: () => file.size(),
        close: () => file.close(),
      };
    };
    return { ...nodeFileSystem, open };
  }
}

test("a reader does not see what is written but not yet acknowledged", async () => {
  await using folder = await stateFolder();
  using journal = new SlowJournal("in doubt");
  const owner = await folder.open({ environment: { fileSystem: journal.fileSystem() } });
  await owner.collection(notes).insert("first", { text: "acknowledged" });
  const reader = await folder.open({ mode: "reader" });
  await eventually("the reader has the first", () => reader.lastSequence === owner.lastSequence);
  await using follower = new ChangeCollector(reader);
  const writing = owner.collection(notes).insert("second", { text: "in doubt" });
  await journal.reached;
  const late = await folder.open({ mode: "reader" });
  // Several polls, and hints from the system, and a reader that comes in only now.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (const each of [reader, late]) {
    expect(await each.collection(notes).get("second")).toBeUndefined();
    expect(await each.collection(notes).count()).toBe(1);
  }
  expect(follower.ids("notes")).toEqual([]);
  journal.letGo();
  const { sequence } = await writing;
  await follower.until(({ last }) => last >= sequence);
  expect(follower.ids("notes")).toEqual(["second"]);
  await eventually("the other reader has it too", () => late.lastSequence >= sequence);
  expect((await late.collection(notes).get("second"))?.body.text).toBe("in doubt");
});

describe("a reader without a writer", () => {
  test("reads what was left, follows nothing, and can not write", async () => {
    await using folder = await stateFolder();
    const owner = await folder.open();
    await owner.collection(notes).insert("one", { text: "first" });
    await owner.close();
    const reader = await folder.open({ mode: "reader" });
    expect(reader.mode).toBe("reader");
    expect((await reader.collection(notes).get("one"))?.body).toEqual({ text: "first" });
    for (const refused of [
      reader.collection(notes).insert("two", { text: "no" }),
      reader.collection(notes).put("one", { text: "no" }),
      reader.collection(notes).delete("one"),
      reader.checkpoint(),
      reader.transaction(async (transaction) => {
        await transaction.collection(notes).put("one", { text: "no" });
      }),
    ]) {
      expect((await rejectionOf(refused)).code).toBe("READ_ONLY");
    }
    // The next owner does not notice it.
    const next = await folder.open();
    expect(next.epoch).toBe(2);
    await next.collection(notes).insert("two", { text: "second" });
    await eventually("the reader has it", async () => (await reader.collection(notes).get("two")) !== undefined);
  });

  test("is refused where there is no state", async () => {
    await using folder = await stateFolder();
    expect((await rejectionOf(folder.open({ mode: "reader" }))).code).toBe("INVALID_CONFIG");
  });

  test("says what is damaged, changes nothing about it, and reads the rest", async () => {
    await using folder = await stateFolder();
    const owner = await folder.open({ journalRetainBytes: 0 });
    for (const id of ["one", "two", "three"]) await owner.collection(notes).insert(id, { text: `text of ${id}` });
    await owner.close();
    // Closed and opened once more, so that the journal holds none of them any longer.
    await (await folder.open({ journalRetainBytes: 0 })).close();
    const [path = ""] = await filesBelow(folder.directory, /notes\/documents\/.*\/two\.json$/);
    await flipByteWithin(path, "text of two");
    const damaged = await readFile(path);
    const reader = await folder.open({ mode: "reader" });
    expect(reader.recovery).toMatchObject({ outcome: "degraded", lostDocuments: [{ collection: "notes", id: "two" }] });
    expect(reader.recovery.damage).toHaveLength(1);
    expect([...(await allOf(reader.collection(notes))).keys()].sort()).toEqual(["one", "three"]);
    expect(await readFile(path)).toEqual(damaged);
  });
});

test("a reader keeps no bodies that a checkpoint has moved into files", async () => {
  await using folder = await stateFolder();
  const owner = await folder.open({ checkpointIdleMs: 600_000 });
  await owner.collection(notes).insert("one", { text: "in the journal only" });
  const reader = await folder.open({ mode: "reader", cacheBytes: 0 });
  await owner.collection(notes).insert("two", { text: "seen as it was written" });
  await eventually("the reader has both", async () => (await reader.collection(notes).count()) === 2);
  await owner.checkpoint();
  await eventually("the reader knows", () => reader.metrics.checkpointSequence === owner.metrics.checkpointSequence);
  // What it reads now can only come from the files.
  for (const path of await filesBelow(folder.directory, /notes\/documents\/.*\.json$/)) {
    await writeFile(path, (await readFile(path, "utf8")).replace('"text":"', '"text":"!'));
  }
  for (const id of ["one", "two"]) {
    expect((await rejectionOf(reader.collection(notes).get(id))).code).toBe("CORRUPT");
  }
});
