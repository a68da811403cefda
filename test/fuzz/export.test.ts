import { readFile, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isHoldfastError, type ErrorCode } from "../../src/errors.js";
import { importExport } from "../../src/transfer/import-export.js";
import { allOf, notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { exportTo, importing, targetOf } from "../transfer/transfer.js";
import { befall, fuzzing, mishaps } from "./fuzzing.js";

const refusals: readonly ErrorCode[] = ["CORRUPT", "INVALID_DOCUMENT", "DOCUMENT_TOO_LARGE", "UNSUPPORTED_FORMAT"];

/** Lines that are JSON, and not what an export has. */
const forgedLine = fc.oneof(
  fc.json(),
  fc
    .record({ collection: fc.jsonValue(), id: fc.jsonValue(), body: fc.jsonValue() })
    .map((line) => JSON.stringify(line)),
  fc.record({ blob: fc.string(), offset: fc.integer(), data: fc.base64String() }).map((line) => JSON.stringify(line)),
  fc.record({ end: fc.nat(), documents: fc.jsonValue(), blobs: fc.nat() }).map((line) => JSON.stringify(line)),
  fc.constantFrom("", "null", "[]", '{"__proto__":1}', "{"),
);

test("an export that was changed in any way is refused whole, typed, and nothing of it is stored", async () => {
  await using source = await stateFolder();
  await using target = await stateFolder();
  await using folder = await temporaryFolder();
  const from = await source.open();
  for (let number = 1; number <= 5; number += 1)
    await from.collection(notes).put(`note ${number}`, { text: `the text of ${number}`, tag: "a" });
  await from.close();
  const { path } = await exportTo(folder, source.directory);
  const original = await readFile(path);
  const into = await target.open();
  const imported = targetOf(into);

  const changed = fc.oneof(
    mishaps.map((happened) => befall(original, happened)),
    fc.tuple(fc.nat(), forgedLine).map(([at, line]) => {
      const lines = original.toString("utf8").split("\n");
      lines.splice(at % lines.length, at % 2, line);
      return Buffer.from(lines.join("\n"));
    }),
  );
  const sequence = into.lastSequence;
  await fc.assert(
    fc.asyncProperty(changed, async (bytes) => {
      // A last line without its line feed holds all that it must.
      if (bytes.equals(original) || Buffer.concat([bytes, Buffer.from("\n")]).equals(original)) return;
      await writeFile(path, bytes);
      let refusal: unknown;
      try {
        await importExport(path, imported, importing());
      } catch (error) {
        refusal = error;
      }
      expect(refusals.filter((code) => isHoldfastError(refusal, code))).toHaveLength(1);
      expect(into.lastSequence).toBe(sequence);
    }),
    fuzzing("exports", 300),
  );

  await writeFile(path, original);
  await importExport(path, imported, importing());
  expect((await allOf(into.collection(notes))).size).toBe(5);
});
