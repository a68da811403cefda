import { appendFile, copyFile, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { isHoldfastError } from "../../src/errors.js";
import { indexDirectorySchema } from "../../src/packs/index-directory.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { crashCopy } from "../support/crash-copy.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { flipByte } from "../support/flip-byte.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

const settings = { packAtDocuments: 5, looseLimit: 3, mergeFactor: 100, cacheBytes: 0, journalRetainBytes: 0 };
const packs = join("collections", "notes", "packs");

/** Two packs: the second replaces documents of the first and deletes others. Nothing of it is in the journal any more. */
let folder: StateFolder;
let left: string;
/** What was acknowledged. */
const expected = new Map<string, Note>();
/** The files of both packs, the older one first. */
let older: { readonly pack: string; readonly index: string };
let newer: { readonly pack: string; readonly index: string };
/** The ids that only the newer pack has, or has newer; and those of the older one that it does not replace. */
const inNewer: string[] = [];
const inOlder: string[] = [];
let copies = 0;

async function fill(state: StateDirectory, mark: string): Promise<void> {
  const collection = state.collection(notes);
  for (let number = 0; number < 12; number += 1)
    await collection.put(`a${number}`, { text: `one ${mark}`, tag: `tag ${number % 3}` });
  await state.checkpoint();
  for (const id of ["a0", "a1"]) await collection.put(id, { text: `two ${mark}`, tag: "tag 0" });
  for (const id of ["a2", "z"]) await collection.delete(id);
  for (let number = 0; number < 6; number += 1) await collection.put(`b${number}`, { text: `two ${mark}` });
  // The last of all is a tombstone: what cuts the pack off must not bring back what it deletes.
  await collection.delete("a9");
  await state.checkpoint();
}

beforeAll(async () => {
  folder = await stateFolder();
  const state = await folder.open(settings);
  await fill(state, "ours");
  for (const [id, body] of await allOf(state.collection(notes))) {
    expected.set(id, body);
    (body.text.startsWith("two") ? inNewer : inOlder).push(id);
  }
  await state.close();
  // The last segment of an owner stays until there is another.
  const later = await folder.open(settings);
  await later.checkpoint();
  await later.close();
  left = folder.directory;
  const names = (await readdir(folder.at(packs))).sort();
  expect(names).toHaveLength(4);
  older = { index: join(packs, names[0] ?? ""), pack: join(packs, names[1] ?? "") };
  newer = { index: join(packs, names[2] ?? ""), pack: join(packs, names[3] ?? "") };
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function freshCopy(): Promise<string> {
  copies += 1;
  const directory = folder.at("..", `copy-${copies}`);
  await crashCopy(left, directory);
  return directory;
}

interface Outcome {
  /** Ids that are not there any more, all of which must have been reported. */
  readonly missing: string[];
  readonly quarantined: string[];
  readonly outcome: string;
  readonly lost: number;
}

/** Verify tells; opening puts in order and reports what is lost; what is left is right; then all is in order. */
async function recover(directory: string): Promise<Outcome> {
  await using here = await stateFolder();
  expect((await verifyStateDirectory(directory)).ok).toBe(false);
  const reader = await here.open({ ...settings, directory, mode: "reader" });
  expect(reader.recovery.damage.filter(({ kind }) => kind === "pack")).not.toEqual([]);
  await reader.close();
  const state = await here.open({ ...settings, directory });
  const { damage, lostDocuments, outcome } = state.recovery;
  expect(damage.map(({ kind }) => kind)).toEqual(damage.map(() => "pack"));
  expect(damage).not.toEqual([]);
  const lost = lostDocuments.map(({ id }) => id);
  expect(outcome).toBe(lost.length > 0 ? "degraded" : "recovered");
  const found = await allOf(state.collection(notes));
  for (const [id, body] of found) {
    // Where nobody knows what is lost, an older version may be the newest that is left.
    if (lost.includes("")) expect(body.text).toMatch(/ours$/);
    else expect(body, id).toEqual(expected.get(id));
  }
  const missing = [...expected.keys()].filter((id) => !found.has(id));
  for (const id of missing) expect(lost).toContainEqual(lost.includes(id) ? id : "");
  expect(await state.collection(notes).count()).toBe(found.size);
  expect(await state.collection(notes).count({ where: { tag: "tag 0" } })).toBe(
    [...found.values()].filter(({ tag }) => tag === "tag 0").length,
  );
  await state.collection(notes).put("after", { text: "writing goes on" });
  await state.checkpoint();
  await state.close();
  const again = await here.open({ ...settings, directory });
  expect(again.recovery).toMatchObject({ outcome: "clean", damage: [], lostDocuments: [] });
  expect(await allOf(again.collection(notes))).toEqual(found.set("after", { text: "writing goes on" }));
  await again.compact();
  expect(await allOf(again.collection(notes))).toEqual(found);
  await again.close();
  expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true, findings: [] });
  const quarantined = (await filesBelow(join(directory, "quarantine"), /\.(pack|idx)$/)).map((path) =>
    path.slice(path.lastIndexOf("/") + 1),
  );
  return { missing: missing.sort(), quarantined: quarantined.sort(), outcome, lost: lost.length };
}

const nothingLost = { missing: [], quarantined: [], outcome: "recovered", lost: 0 };

describe("what a checkpoint or a merge left that was cut short", () => {
  test("is no part of the state, and is removed", async () => {
    const directory = await freshCopy();
    const leftovers = ["0000000000000001-0000000000000099.pack", "0000000000000001-0000000000000099.idx"];
    await copyFile(join(directory, older.pack), join(directory, packs, leftovers[0] ?? ""));
    await copyFile(join(directory, older.index), join(directory, packs, leftovers[1] ?? ""));
    await writeFile(join(directory, packs, `${leftovers[0] ?? ""}.0123456789ab.tmp`), "half");
    const before = await verifyStateDirectory(directory);
    expect(before).toMatchObject({ ok: true });
    expect(before.findings.map(({ severity }) => severity)).toEqual(["note", "note", "note"]);
    await using here = await stateFolder();
    const state = await here.open({ ...settings, directory });
    expect(state.recovery).toMatchObject({ damage: [], lostDocuments: [], removedTemporaryFiles: 3 });
    expect(await allOf(state.collection(notes))).toEqual(expected);
    expect(await readdir(join(directory, packs))).toHaveLength(4);
  });
});

describe("the index of a pack", () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ["is gone", (path) => rm(path)],
    ["is empty", (path) => truncate(path, 0)],
    ["is cut in half", async (path) => truncate(path, Math.floor((await readFile(path)).length / 2))],
    ["has more than it should", (path) => appendFile(path, "more")],
    ["is something else", (path) => writeFile(path, "To be, or not to be\n".repeat(50))],
    ["has a damaged directory", async (path) => flipByte(path, (await placesOf(path)).directory)],
    ["has a damaged end", async (path) => flipByte(path, (await readFile(path)).length - 1)],
  ])("that %s is made anew from the lines, and nothing is lost", async (_what, harm) => {
    for (const { index } of [older, newer]) {
      const directory = await freshCopy();
      await harm(join(directory, index));
      expect(await recover(directory)).toEqual(nothingLost);
    }
  });
});

describe("a damaged piece of an index", () => {
  test.each(["ids", "idsRoot", "filter", "created", "createdRoot", "tag", "tagRoot"] as const)(
    "(%s) is refused when it is read, told by verify, and made anew by the next checkpoint; nothing wrong is shown",
    async (piece) => {
      const directory = await freshCopy();
      const index = join(directory, newer.index);
      await flipByte(index, (await placesOf(index))[piece]);
      expect((await verifyStateDirectory(directory)).findings).toContainEqual(
        expect.objectContaining({ kind: "pack", severity: "damage" }),
      );
      await using here = await stateFolder();
      const state = await here.open({ ...settings, directory });
      const collection = state.collection(notes);
      const answers = [];
      for (const [id, body] of expected)
        answers.push(await answerTo(async () => [(await collection.get(id))?.body, body]));
      answers.push(await answerTo(async () => [await allOf(collection), expected]));
      answers.push(
        await answerTo(async () => [
          await collection.count({ where: { tag: "tag 0" } }),
          [...expected.values()].filter(({ tag }) => tag === "tag 0").length,
        ]),
      );
      const wasMet = answers.includes("CORRUPT");
      expect(wasMet || state.recovery.damage.length > 0).toBe(true);
      await state.checkpoint();
      expect(await allOf(collection)).toEqual(expected);
      await state.close();
      expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true, findings: [] });
      const again = await here.open({ ...settings, directory });
      expect(again.recovery).toMatchObject({ outcome: "clean", damage: [] });
      expect(await allOf(again.collection(notes))).toEqual(expected);
    },
  );

  test("that replay needs is made anew at opening", async () => {
    const directory = await freshCopy();
    await using here = await stateFolder();
    const state = await here.open({ ...settings, directory });
    await state.collection(notes).put("b3", { text: "three" });
    await state.collection(notes).delete("b4");
    const crashed = await here.crash(directory);
    await state.close();
    for (const piece of ["ids", "idsRoot", "filter"] as const) {
      const copy = here.at("..", `crashed-${piece}`);
      await crashCopy(crashed, copy);
      const index = join(copy, newer.index);
      await flipByte(index, (await placesOf(index))[piece]);
      const again = await here.open({ ...settings, directory: copy });
      expect(again.recovery).toMatchObject({ outcome: "recovered", lostDocuments: [] });
      expect(again.recovery.damage).toMatchObject([{ kind: "pack", repaired: true }]);
      const changed = new Map(expected).set("b3", { text: "three" });
      changed.delete("b4");
      expect(await allOf(again.collection(notes))).toEqual(changed);
      await again.close();
      expect(await verifyStateDirectory(copy)).toMatchObject({ ok: true });
    }
  });
});

describe("the lines of a pack", () => {
  test("that are cut off are kept as far as they can be read; the others are named, and deletions stay deletions", async () => {
    const size = (await readFile(join(left, newer.pack))).length;
    const counts = new Set<number>();
    for (const length of [0, 1, Math.floor(size / 3), Math.floor(size / 2), size - 1]) {
      const directory = await freshCopy();
      await truncate(join(directory, newer.pack), length);
      const { missing, quarantined, outcome, lost } = await recover(directory);
      expect(missing.filter((id) => !inNewer.includes(id))).toEqual([]);
      expect(quarantined).toHaveLength(1);
      expect(lost).toBe(missing.length);
      expect(outcome).toBe(lost > 0 ? "degraded" : "recovered");
      counts.add(lost);
    }
    expect(counts).toContain(inNewer.length);
    expect(counts.size).toBeGreaterThan(2);
  });

  test("that are missing are all lost by name, and no older version comes back", async () => {
    const directory = await freshCopy();
    await rm(join(directory, newer.pack));
    expect(await recover(directory)).toEqual({
      missing: inNewer.toSorted(),
      quarantined: [],
      outcome: "degraded",
      lost: inNewer.length,
    });
  });

  test("of the older pack that are missing take nothing along that the newer one replaces", async () => {
    const directory = await freshCopy();
    await rm(join(directory, older.pack));
    const { missing, lost } = await recover(directory);
    expect(missing).toEqual(inOlder.toSorted());
    expect(lost).toBe(inOlder.length);
  });

  test("with something behind them are all kept", async () => {
    const directory = await freshCopy();
    await appendFile(join(directory, newer.pack), "more\n");
    expect(await recover(directory)).toMatchObject({
      ...nothingLost,
      quarantined: [newer.pack.slice(packs.length + 1)],
    });
  });

  test("that changed places are refused to whoever reads them, and told by verify", async () => {
    await using here = await stateFolder();
    const state = await here.open(settings);
    // Of one commit and of one length: nothing but their ids tells them apart.
    const ids = ["x1", "x2", "x3", "x4", "x5"];
    await state.transaction(async (transaction) => {
      for (const id of ids) await transaction.collection(notes).put(id, { text: `of ${id}` });
    });
    await state.checkpoint();
    await state.close();
    const [path = ""] = await filesBelow(here.directory, /\.pack$/);
    const lines = (await readFile(path, "latin1")).split(/(?<=\n)/);
    expect(lines).toHaveLength(ids.length);
    await writeFile(path, [lines[1], lines[0], ...lines.slice(2)].join(""), "latin1");
    const again = await here.open(settings);
    const answers = [];
    for (const id of ids)
      answers.push(await answerTo(async () => [(await again.collection(notes).get(id))?.body, { text: `of ${id}` }]));
    expect(answers).toEqual(["CORRUPT", "CORRUPT", "right", "right", "right"]);
    const { findings } = await verifyStateDirectory(here.directory);
    expect(findings.filter(({ severity }) => severity === "damage")).toHaveLength(2);
  });

  test("that are another directory's, with the same ids, commits and lengths, are told by verify", async () => {
    const paths: string[] = [];
    await using here = await stateFolder();
    for (const mark of ["ours", "them"]) {
      const state = await here.open({ ...settings, directory: here.at("..", mark) });
      await fill(state, mark);
      await state.close();
      paths.push(...(await filesBelow(here.at("..", mark), /\.pack$/)).sort());
    }
    const directory = here.at("..", "ours");
    expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
    await copyFile(paths[2] ?? "", paths[0] ?? "");
    expect(await verifyStateDirectory(directory)).toMatchObject({
      ok: false,
      findings: [{ file: older.pack, kind: "pack", severity: "damage" }],
    });
  });

  test("are restored from the journal as far as it goes back", async () => {
    await using here = await stateFolder();
    const retaining = { ...settings, journalRetainBytes: 64 * 1024 * 1024 };
    const state = await here.open(retaining);
    await fill(state, "ours");
    await state.close();
    for (const harm of [(path: string) => truncate(path, 700), (path: string) => rm(path)]) {
      const directory = here.at("..", `copy-${(copies += 1)}`);
      await crashCopy(here.directory, directory);
      const names = (await readdir(join(directory, packs))).filter((name) => name.endsWith(".pack")).sort();
      for (const name of names) await harm(join(directory, packs, name));
      const again = await here.open({ ...retaining, directory });
      expect(again.recovery).toMatchObject({ outcome: "recovered", lostDocuments: [] });
      expect(await allOf(again.collection(notes))).toEqual(expected);
      await again.checkpoint();
      await again.close();
      expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
      const once = await here.open({ ...retaining, directory });
      expect(once.recovery).toMatchObject({ outcome: "clean", damage: [] });
      expect(await allOf(once.collection(notes))).toEqual(expected);
      await once.close();
    }
  });
});

describe("a single line of a pack", () => {
  test("that is restored from the journal stays, though its commit is that of the tombstone in its place", async () => {
    await using here = await stateFolder();
    const retaining = { ...settings, journalRetainBytes: 64 * 1024 * 1024 };
    const state = await here.open(retaining);
    await fill(state, "ours");
    await state.close();
    const path = (await filesBelow(here.directory, /notes.*\.pack$/)).sort().at(-1) ?? "";
    await truncate(path, (await readFile(path)).length - 10);
    const again = await here.open(retaining);
    expect(again.recovery).toMatchObject({ outcome: "recovered", lostDocuments: [] });
    await again.checkpoint();
    expect(await allOf(again.collection(notes))).toEqual(expected);
    await again.close();
    for (let opening = 0; opening < 2; opening += 1) {
      const once = await here.open({ ...settings, journalRetainBytes: 0 });
      expect(once.recovery).toMatchObject({ damage: [], lostDocuments: [] });
      expect(await allOf(once.collection(notes))).toEqual(expected);
      await once.checkpoint();
      await once.close();
    }
    expect(await verifyStateDirectory(here.directory)).toMatchObject({ ok: true });
  });
});

describe("a pack", () => {
  test("of the same directory at another time, under the name of one that is listed, is told by verify", async () => {
    const [first, second] = [await freshCopy(), await freshCopy()];
    const made: string[] = [];
    await using here = await stateFolder();
    for (const [directory, text] of [
      [first, "one time"],
      [second, "another time"],
    ] as const) {
      const state = await here.open({ ...settings, directory });
      for (let number = 0; number < 6; number += 1) await state.collection(notes).put(`c${number}`, { text });
      await state.checkpoint();
      await state.close();
      made.push((await readdir(join(directory, packs))).sort().at(-1) ?? "");
    }
    const [name = "", other] = made;
    expect(other).toBe(name);
    for (const file of [name, name.replace(/pack$/, "idx")])
      await copyFile(join(second, packs, file), join(first, packs, file));
    expect(await verifyStateDirectory(first)).toMatchObject({
      ok: false,
      findings: [{ file: join(packs, name), kind: "pack", severity: "damage" }],
    });
  });

  test("that was salvaged by an owner who was killed before he could list it is listed by the next one", async () => {
    const directory = await freshCopy();
    await truncate(join(directory, newer.pack), (await readFile(join(directory, newer.pack))).length - 300);
    await using here = await stateFolder();
    const disk = new FaultyFileSystem();
    disk.set({ on: "write", path: /checkpoint\.json/, fails: "EIO" });
    const state = await here.open({ ...settings, directory, environment: { fileSystem: disk } });
    expect(state.recovery.lostDocuments).not.toEqual([]);
    const killed = await here.crash(directory);
    const again = await here.open({ ...settings, directory: killed });
    expect(again.recovery).toMatchObject({ damage: [], lostDocuments: [] });
    await again.checkpoint();
    await again.close();
    expect(await verifyStateDirectory(killed)).toMatchObject({ ok: true, findings: [] });
  });

  test("that is gone with its index is restored from the journal, and as many are told lost as may be", async () => {
    await using here = await stateFolder();
    const retaining = { ...settings, journalRetainBytes: 64 * 1024 * 1024 };
    const state = await here.open(retaining);
    await fill(state, "ours");
    await state.close();
    for (const path of await filesBelow(here.directory, /\.(pack|idx)$/)) await rm(path);
    const again = await here.open(retaining);
    expect(again.recovery).toMatchObject({ outcome: "degraded" });
    expect(again.recovery.damage).toHaveLength(2);
    expect(await allOf(again.collection(notes))).toEqual(expected);
    await again.close();
    const once = await here.open(retaining);
    expect(once.recovery).toMatchObject({ outcome: "clean", damage: [] });
    expect(await allOf(once.collection(notes))).toEqual(expected);
  });

  test("that is gone with its index is counted as lost", async () => {
    const directory = await freshCopy();
    await rm(join(directory, older.pack));
    await rm(join(directory, older.index));
    const { missing, outcome } = await recover(directory);
    expect(missing).toEqual(inOlder.toSorted());
    expect(outcome).toBe("degraded");
  });

  test("whose index and lines are both damaged is set aside whole", async () => {
    const directory = await freshCopy();
    await flipByte(join(directory, older.pack), 300);
    await rm(join(directory, older.index));
    const { missing, quarantined, outcome } = await recover(directory);
    expect(missing).toEqual(inOlder.toSorted());
    expect(outcome).toBe("degraded");
    expect(quarantined).toEqual([older.pack.slice(packs.length + 1)]);
  });

  test("of another state directory is not taken for ours, with its index or without", async () => {
    await using here = await stateFolder();
    const state = await here.open(settings);
    await fill(state, "another's");
    await state.close();
    for (const files of [["pack", "index"], ["pack"], ["index"]] as const) {
      const directory = await freshCopy();
      for (const file of files) await copyFile(here.at(newer[file]), join(directory, newer[file]));
      // Lines that are as long as ours, line by line, can not be told from damage before they are read.
      const outcome = await recover(directory);
      if (files.length === 2) expect(outcome.missing).toEqual(onlyInNewer());
      if (files[0] === "index") expect(outcome).toMatchObject(nothingLost);
      if (files.length === 2) expect(outcome.quarantined).toHaveLength(2);
    }
  });

  test("of another state directory is not taken for ours where no checkpoint says what is", async () => {
    await using here = await stateFolder();
    const state = await here.open(settings);
    await fill(state, "another's");
    await state.close();
    const directory = await freshCopy();
    await flipByte(join(directory, "checkpoint.json"), 100);
    for (const file of ["pack", "index"] as const) await copyFile(here.at(newer[file]), join(directory, newer[file]));
    const again = await here.open({ ...settings, directory });
    expect(again.recovery.outcome).toBe("degraded");
    for (const { text } of (await allOf(again.collection(notes))).values()) expect(text).toMatch(/ours$/);
    expect(await filesBelow(join(directory, "quarantine"), /\.(pack|idx)$/)).toHaveLength(2);
  });

  test("that changed places with another is told from it", async () => {
    for (const files of [["pack", "index"], ["pack"], ["index"]] as const) {
      const directory = await freshCopy();
      for (const file of files) {
        await rename(join(directory, older[file]), join(directory, "aside"));
        await rename(join(directory, newer[file]), join(directory, older[file]));
        await rename(join(directory, "aside"), join(directory, newer[file]));
      }
      const outcome = await recover(directory);
      if (files[0] === "index") expect(outcome).toMatchObject(nothingLost);
    }
  });

  test("of another collection is none of this one", async () => {
    const directory = await freshCopy();
    const state = await folder.open({ ...settings, directory, collections: [notes, { ...notes, name: "others" }] });
    const others = state.collection({ ...notes, name: "others" });
    for (let number = 0; number < 12; number += 1) await others.put(`a${number}`, { text: "another collection's" });
    await state.checkpoint();
    await state.close();
    const [pack = "", index = ""] = await Promise.all(
      [/\.pack$/, /\.idx$/].map(async (kind) => (await filesBelow(join(directory, "collections", "others"), kind))[0]),
    );
    await copyFile(pack, join(directory, newer.pack));
    await copyFile(index, join(directory, newer.index));
    const { missing, quarantined } = await recover(directory);
    expect(missing).toEqual(onlyInNewer());
    expect(quarantined).toHaveLength(2);
  });
});

/** Of the others, the older pack has a version that comes back when nobody knows what is lost. */
function onlyInNewer(): string[] {
  return inNewer.filter((id) => id.startsWith("b")).sort();
}

/** @returns `CORRUPT` if it is refused as damaged; else it must be right. */
async function answerTo(ask: () => Promise<readonly [unknown, unknown]>): Promise<string> {
  try {
    const [answer, right] = await ask();
    expect(answer).toEqual(right);
    return "right";
  } catch (error) {
    if (!isHoldfastError(error, "CORRUPT")) throw error;
    return error.code;
  }
}

type Piece = "ids" | "idsRoot" | "filter" | "created" | "createdRoot" | "tag" | "tagRoot" | "directory";

/** Where the parts of an index stand; see `src/packs/index-directory.ts`. */
async function placesOf(path: string): Promise<Record<Piece, number>> {
  const bytes = await readFile(path);
  const directory = bytes.lastIndexOf('{"storeId"');
  const json = bytes.toString("utf8", directory, bytes.length - 24);
  const { ids, filter, created, indexes } = indexDirectorySchema.parse(JSON.parse(json));
  return {
    ids: ids.offset + 12,
    idsRoot: ids.offset + ids.blockBytes + 6,
    filter: filter.offset + 40,
    created: created.offset + 12,
    createdRoot: created.offset + created.blockBytes + 6,
    tag: (indexes[0]?.offset ?? 0) + 12,
    tagRoot: (indexes[0]?.offset ?? 0) + (indexes[0]?.blockBytes ?? 0) + 6,
    directory: directory + 20,
  };
}
