import { cp, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { bytesOf } from "../blobs/blobs-under-test.js";
import { crashCopy } from "../support/crash-copy.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { flipByte } from "../support/flip-byte.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

/** Documents in files and in the journal, and files with bytes: as left by a kill, and what was acknowledged of it. */
let folder: StateFolder;
let left: string;
let other: string;
/** Every version of a note that was acknowledged; the last one is the newest. */
const versions = new Map<string, string[]>();
const uploads = new Map<string, string>();
let copies = 0;

async function fill(state: StateDirectory, remember: boolean): Promise<void> {
  const put = async (id: string, text: string): Promise<void> => {
    await state.collection(notes).put(id, { text });
    if (remember) versions.set(id, [...(versions.get(id) ?? []), text]);
  };
  const upload = async (text: string): Promise<void> => {
    const { id } = await state.files.upload(Buffer.from(text), { filename: "a.txt", purpose: "assistants" });
    if (remember) uploads.set(id, text);
  };
  const mark = remember ? "ours" : "the other's";
  for (const id of ["a", "b", "c"]) await put(id, `${id} one ${mark}`);
  await upload(`first ${mark}`);
  await state.checkpoint();
  for (const id of ["c", "d", "e"]) await put(id, `${id} two ${mark}`);
  await upload(`second ${mark}`);
}

/** Before, damage to the last commit can not be told from a write that a crash cut off, and none of the two is reported. */
async function isCovered(state: StateDirectory): Promise<boolean> {
  const segments = await filesBelow(state.directory, /\.wal$/);
  const marks = segments.map(async (path) => scanSegment(await readFile(path)).watermark);
  return Math.max(...(await Promise.all(marks))) >= state.lastSequence;
}

beforeAll(async () => {
  folder = await stateFolder();
  const settings = { firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024 };
  const state = await folder.open(settings);
  await fill(state, true);
  await eventually("a watermark covers what was acknowledged", () => isCovered(state));
  left = await folder.crash();
  await state.close();
  other = folder.at("..", "other");
  const foreign = await folder.open({ directory: other, ...settings });
  await fill(foreign, false);
  await foreign.close();
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

/** @returns whether the report tells of a loss. Nothing may differ from what was acknowledged, unless it does. */
async function expectNothingMadeUp(state: StateDirectory): Promise<boolean> {
  const { recovery } = state;
  const isLoss = recovery.outcome === "degraded";
  const collection = state.collection(notes);
  for (const [id, texts] of versions) {
    const text = (await collection.get(id))?.body.text;
    if (text === texts.at(-1)) continue;
    expect(isLoss, `${id} is ${text ?? "gone"}, and nothing is reported`).toBe(true);
    if (text !== undefined) expect(texts).toContain(text);
  }
  const known = (await collection.list()).documents.map(({ id }) => id);
  expect(known.filter((id) => !versions.has(id))).toEqual([]);
  for (const [id, text] of uploads) {
    const content = await state.files.content(id).catch((error: unknown) => error as Error);
    if (content === undefined) expect(isLoss, `the file ${id} is gone, and nothing is reported`).toBe(true);
    else if (content instanceof Error) expect(content).toMatchObject({ code: "CORRUPT" });
    else {
      const bytes = await bytesOf(content.bytes).catch((error: unknown) => error as Error);
      if (bytes instanceof Error) expect(bytes).toMatchObject({ code: "CORRUPT" });
      else expect(String(bytes)).toBe(text);
    }
  }
  return isLoss;
}

/** Opens what was damaged, twice: the first time tells of it, the second finds all in order. */
async function expectRecovered(directory: string): Promise<void> {
  await using here = await stateFolder();
  const first = await here.open({ directory });
  await expectNothingMadeUp(first);
  await first.collection(notes).put("a", { text: "after" });
  await first.close();
  const second = await here.open({ directory });
  expect(second.recovery).toMatchObject({ damage: [], lostDocuments: [], lostSequences: [] });
  expect((await second.collection(notes).get("a"))?.body.text).toBe("after");
  await second.close();
  const damaged = (await verifyStateDirectory(directory)).findings.filter(({ severity }) => severity === "damage");
  expect(damaged).toEqual([]);
}

async function names(directory = left): Promise<string[]> {
  return (await filesBelow(directory, /./)).map((path) => relative(directory, path));
}

const harms: readonly [string, (path: string) => Promise<void>][] = [
  ["a bit turns over at its beginning", (path) => flipByte(path, 0)],
  [
    "a bit turns over in its middle",
    async (path) => {
      await flipByte(path, Math.floor((await readFile(path)).length / 2), 0x10);
    },
  ],
  [
    "a bit turns over at the end of what is written",
    async (path) => {
      const bytes = await readFile(path);
      await flipByte(path, Math.max(0, bytes.findLastIndex((byte) => byte !== 0) - 1), 0x02);
    },
  ],
  ["it is emptied", (path) => truncate(path, 0)],
  [
    "it is cut in half",
    async (path) => {
      await truncate(path, Math.floor((await readFile(path)).length / 2));
    },
  ],
  ["it is gone", (path) => rm(path)],
  [
    "it is overwritten with something else",
    async (path) => {
      await writeFile(path, "To be, or not to be\n".repeat(50));
    },
  ],
];

describe("of every file of a state directory, in turn", () => {
  test("there is one of each kind", async () => {
    const kinds = [/^manifest/, /^checkpoint/, /^epochs/, /^journal/, /^collections\/notes/, /^collections\/files/];
    kinds.push(/^blobs/, /^writer\.json$/, /^status\/startup\.json$/, /^status\/recovery\.json$/, /^reserve$/);
    const all = await names();
    for (const kind of kinds) expect(all.filter((name) => kind.test(name)).length).toBeGreaterThan(0);
  });

  test.each(harms)("%s: nothing is made up, and what is lost is told", { timeout: 180_000 }, async (_what, harm) => {
    for (const name of await names()) {
      const directory = await freshCopy();
      const path = join(directory, name);
      if ((await readFile(path)).length === 0) continue;
      await harm(path);
      await expectRecovered(directory);
    }
  });
});

/** Files of one kind are those that lie in the same top folder and end alike. */
function kindOf(name: string): string {
  return `${name.split("/")[0] ?? ""} ${/\.\w+$/.exec(name)?.[0] ?? ""}`;
}

describe("files of one kind", () => {
  test("that change places are told from each other", { timeout: 180_000 }, async () => {
    const all = (await names()).filter((name) => dirname(name) !== ".");
    const pairs = all.flatMap((name, index) => {
      const next = all.slice(index + 1).find((candidate) => kindOf(candidate) === kindOf(name));
      return next === undefined ? [] : [[name, next] as const];
    });
    expect(pairs.length).toBeGreaterThan(3);
    for (const [one, two] of pairs) {
      const directory = await freshCopy();
      await rename(join(directory, one), join(directory, "aside"));
      await rename(join(directory, two), join(directory, one));
      await rename(join(directory, "aside"), join(directory, two));
      await expectRecovered(directory);
    }
  });

  test("that are there twice count once", { timeout: 180_000 }, async () => {
    for (const name of (await names()).filter((path) => /^(collections|journal|blobs)\//.test(path))) {
      const directory = await freshCopy();
      await cp(join(directory, name), join(directory, name.replace(/(\.\w+)?$/, "-copy$1")));
      await expectRecovered(directory);
    }
  });
});

describe("a file of another state directory", () => {
  test.each([
    [/^manifest\.json$/],
    [/^checkpoint\.json$/],
    [/^writer\.json$/],
    [/^status\//],
    [/^journal\//],
    [/^blobs\//],
  ])("(%s) is not taken for ours", async (kind) => {
    const foreign = (await names(other)).filter((name) => kind.test(name));
    expect(foreign.length).toBeGreaterThan(0);
    for (const name of foreign) {
      const directory = await freshCopy();
      await cp(join(other, name), join(directory, name), { recursive: true });
      await expectRecovered(directory);
    }
  });

  test("that is the claim of a living process keeps others out until it is taken away: it may be right", async () => {
    const directory = await freshCopy();
    // This process made it, and has closed that directory: but that claim's socket is not here to be asked.
    await cp(join(other, "epochs", "00000001"), join(directory, "epochs", "00000001"));
    await using here = await stateFolder();
    expect((await rejectionOf(here.open({ directory }))).code).toBe("WRITER_LOCKED");
    await rm(join(directory, "epochs", "00000001"));
    await expectRecovered(directory);
  });

  test("in the place of bytes is refused to whoever reads them", async () => {
    const directory = await freshCopy();
    const [foreign = ""] = await filesBelow(other, /^blobs\/(?!staged)/);
    const [ours = ""] = await filesBelow(directory, /^blobs\/(?!staged)/);
    await cp(foreign, ours);
    await using here = await stateFolder();
    const state = await here.open({ directory });
    const failures: unknown[] = [];
    for (const id of uploads.keys()) {
      const read = async (): Promise<unknown> => bytesOf((await state.files.content(id))?.bytes);
      if ((await read().catch(() => undefined)) === undefined) failures.push((await rejectionOf(read())).code);
    }
    expect(failures).toEqual(["CORRUPT"]);
    expect((await state.files.verify()).findings).toMatchObject([{ severity: "damage" }]);
  });
});
