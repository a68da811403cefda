import { existsSync, renameSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { fingerprint } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

/** Makes, at `next`, what is to stand in the place of the directory once it was moved. */
const successors: readonly [string, (folder: StateFolder, next: string) => Promise<void>][] = [
  ["nothing", () => Promise.resolve()],
  [
    "an empty folder",
    async (_folder, next) => {
      await mkdir(next);
    },
  ],
  [
    "a copy of it",
    async (folder, next) => {
      // As `cp -a` makes it: times and all.
      const filter = (source: string): boolean => !source.endsWith(".sock");
      await cp(folder.directory, next, { recursive: true, preserveTimestamps: true, filter });
    },
  ],
  ["another directory, which had an owner of the same epoch", anotherOf],
];

describe.each(successors)("a directory that is moved away under its writer, and replaced by %s", (_what, replace) => {
  test("is written no more: nothing is acknowledged that nobody would find, and nothing of the other is touched", async () => {
    await using folder = await stateFolder();
    const moved = `${folder.directory}-moved`;
    const state = await folder.open({ heartbeatMs: 10 });
    const collection = state.collection(notes);
    await collection.insert("before", { text: "before" });
    await collection.insert("doubtful", { text: "doubtful" });
    await replace(folder, `${folder.directory}-next`);
    exchange(folder);
    const before = await fingerprint(folder.at("..")).then((all) => Object.entries(all).filter(isIn("state/")));

    // Whether by a write or by a heartbeat, whichever comes first.
    for (const write of [collection.insert("after", { text: "after" }), collection.delete("doubtful")])
      expect((await rejectionOf(write)).code).toBe("WRITER_FENCED");
    expect((await rejectionOf(state.checkpoint())).code).toBe("WRITER_FENCED");
    await eventually("the condition says so", () => state.condition.state === "fenced");
    expect((await collection.get("before"))?.body.text).toBe("before");
    await state.close();
    const after = await fingerprint(folder.at("..")).then((all) => Object.entries(all).filter(isIn("state/")));
    expect(after).toEqual(before);

    const again = await folder.open({ directory: moved });
    expect(again.recovery).toMatchObject({ lostDocuments: [], lostSequences: [], damage: [] });
    expect((await again.collection(notes).get("before"))?.body.text).toBe("before");
    expect([...(await allOf(again.collection(notes))).keys()].filter((id) => id === "other")).toEqual([]);
    await again.close();
    expect((await verifyStateDirectory(moved)).ok).toBe(true);
  });
});

test("an owner that writes nothing learns by its heartbeat that its directory is another", async () => {
  await using folder = await stateFolder();
  const state = await folder.open({ heartbeatMs: 10 });
  await anotherOf(folder, `${folder.directory}-next`);
  exchange(folder);
  await eventually("it is told", () => state.condition.state === "fenced");
});

async function anotherOf(folder: StateFolder, next: string): Promise<void> {
  const other = await folder.open({ directory: next });
  await other.collection(notes).insert("other", { text: "other" });
  await other.close();
}

/** In one turn: a heartbeat in between would find nothing there, and that is another fault than the one meant. */
function exchange({ directory }: StateFolder): void {
  renameSync(directory, `${directory}-moved`);
  if (existsSync(`${directory}-next`)) renameSync(`${directory}-next`, directory);
}

function isIn(prefix: string): (entry: [string, string]) => boolean {
  return ([path]) => path.startsWith(prefix);
}
