import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commitJson, encodeLine, lineBound } from "../../src/journal/record.js";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

/** Adds a commit to the only segment of a directory that nobody has open, with the right checksum. */
async function append(directory: string, id: string, body: string): Promise<void> {
  const [segment = ""] = await filesBelow(join(directory, "journal"), /\.wal$/);
  const bytes = await readFile(segment);
  const { commits, end } = scanSegment(bytes);
  const sequence = (commits.at(-1)?.sequence ?? 0) + 1;
  const time = "2026-03-01T12:00:00.000Z";
  const operation =
    `{"put":"notes","id":"${id}","revision":1,"schemaVersion":1,"createdAt":"${time}",` +
    `"createdSequence":${sequence},"createdIndex":0,"body":${body}}`;
  const json = commitJson(sequence, time, sequence - 1, operation, 1);
  const line = Buffer.alloc(lineBound(json));
  line.subarray(0, encodeLine(line, 0, json)).copy(bytes, end);
  await writeFile(segment, bytes);
}

test("a body that is no JSON, under a right checksum, is told when it is read, and costs nothing else", async () => {
  await using folder = await stateFolder();
  const first = await folder.open();
  await first.collection(notes).insert("whole", { text: "x", tag: "t" });
  let directory = await folder.crash();
  await append(directory, "members behind the body", '{"text":"x","tag":"t"},"later":{}');
  await append(directory, "another operation", '{"text":"x","tag":"t"}},{"delete":"notes","id":"whole","revision":2');
  await append(directory, "nothing of the kind", "{text}");

  // From the journal first, and then from its file.
  for (let opening = 0; opening < 2; opening += 1) {
    const state = await folder.open({ directory });
    const collection = state.collection(notes);
    for (const id of ["members behind the body", "another operation", "nothing of the kind"]) {
      const refused = await rejectionOf(collection.get(id));
      expect(refused).toMatchObject({ code: "CORRUPT", details: { id, collection: "notes" } });
      expect(refused.cause).toBeInstanceOf(SyntaxError);
    }
    expect((await collection.get("whole"))?.body.text).toBe("x");
    // In no index, as nobody knows its values.
    expect((await collection.list({ where: { tag: "t" } })).documents.map(({ id }) => id)).toEqual(["whole"]);
    await state.checkpoint();
    directory = await folder.crash(state.directory);
  }
  const state = await folder.open({ directory });
  await state.collection(notes).put("nothing of the kind", { text: "anew" });
  expect((await state.collection(notes).get("nothing of the kind"))?.body.text).toBe("anew");
  expect(await state.collection(notes).delete("another operation")).toBe(true);
});
