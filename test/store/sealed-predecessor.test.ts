import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { formatSegmentName } from "../../src/journal/segment-name.js";
import { commit, header, lines } from "../support/journal-folder.js";
import { allOf, notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

async function segmentsIn(directory: string): Promise<string[]> {
  const names = await readdir(join(directory, "journal"));
  return names.filter((name) => name.endsWith(".wal")).sort();
}

test("an owner's first segment seals its predecessor's: what that one still writes is not taken for acknowledged", async () => {
  await using folder = await stateFolder();
  const first = await folder.open();
  await first.collection(notes).insert("kept", { text: "acknowledged" });
  const taken = await folder.crash();
  const second = await folder.open({ directory: taken });

  const [old = "", own = ""] = await segmentsIn(taken);
  const oldEnd = scanSegment(await readFile(join(taken, "journal", old))).end;
  const begun = scanSegment(await readFile(join(taken, "journal", own))).header;
  const previous = { segment: old, length: oldEnd };
  expect(begun).toMatchObject({ epoch: 2, previous });

  // The first owner lived on, in a segment that it began after it had been taken over.
  await second.collection(notes).insert("new", { text: "acknowledged" });
  const crashed = await folder.crash(taken);
  const next = begun?.first ?? 0;
  const stray = header({ storeId: second.storeId, epoch: 1, first: next, previous });
  const bytes = lines(stray, commit(next));
  await writeFile(join(crashed, "journal", formatSegmentName(stray)), bytes);

  const third = await folder.open({ directory: crashed });
  expect([...(await allOf(third.collection(notes))).keys()]).toEqual(["kept", "new"]);
  expect(third.recovery).toMatchObject({ lostSequences: [], lostDocuments: [] });
  expect(third.recovery.damage).toMatchObject([{ kind: "foreign", repaired: true }]);
});
