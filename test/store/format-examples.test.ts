import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { decodeDocument } from "../../src/documents/envelope.js";
import { documentFileName } from "../../src/documents/file-name.js";
import { unsealJson } from "../../src/files/sealed-json.js";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { indexDirectorySchema } from "../../src/packs/index-directory.js";
import { ClockCache, Pack, packFileNames, rebuildIndex, verifyPack, type PackedPlace } from "../../src/packs/index.js";
import { checkpointSchema } from "../../src/store/checkpoint-file.js";
import { manifestSchema } from "../../src/store/manifest.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** The fenced blocks of a page that begin with a byte of a file, not of a grammar. */
async function examplesIn(folder: string): Promise<string[]> {
  const page = await readFile(new URL(`../../src/${folder}/FORMAT.md`, import.meta.url), "utf8");
  const blocks = [...page.matchAll(/^```text\n(.*?)^```$/gms)].map((match) => match[1] as string);
  return blocks.filter((block) => /^(\{"|[0-9a-f]{8} \{)/.test(block));
}

test("the journal's examples are journals, and say what the page says", async () => {
  const [example] = (await examplesIn("journal")).map((block) => scanSegment(Buffer.from(block)));
  expect(example).toMatchObject({ header: { epoch: 1, first: 1, previous: null }, unreadable: [], watermark: 5 });
  expect(example?.commits.map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5]);
});

test("the document's example is a document, in its place", async () => {
  const [block = ""] = await examplesIn("documents");
  const { envelope, body } = decodeDocument(Buffer.from(block), "example");
  expect(envelope).toMatchObject({ id: "Ünï Code", revision: 1, sequence: 4 });
  expect(JSON.parse(body)).toEqual({ text: "x" });
  expect(documentFileName("Ünï Code")).toBe("%c3%9cn%c3%af%20%43ode.json");
});

test("the pack's example is a pack, and its index has the bytes that the page shows", async () => {
  await using folder = await temporaryFolder();
  const [lines = "", directory = ""] = await examplesIn("packs");
  const names = packFileNames(1, 9);
  await writeFile(folder.at(names.pack), lines);
  const target = {
    fileSystem: nodeFileSystem,
    directory: folder.path,
    ...indexDirectorySchema.parse(JSON.parse(directory)),
    pace: () => undefined,
  };
  await rebuildIndex(target, ({ body }) => [(JSON.parse(body) as { tag: string }).tag]);
  const index = await readFile(folder.at(names.index));
  const length = directory.trimEnd().length;
  expect(index.toString("utf8", index.length - 24 - length, index.length - 24)).toBe(directory.trimEnd());
  expect(index.toString("latin1", index.length - 24, index.length - 16)).toBe("HFPACKIX");
  const page = await readFile(new URL("../../src/packs/FORMAT.md", import.meta.url), "utf8");
  const shown = /^```hex\n(.*?)^```$/ms.exec(page)?.[1]?.replaceAll(/\s/g, "") ?? "";
  expect(index.toString("hex", 0, shown.length / 2)).toBe(shown);
  expect(shown.length / 2).toBe(target.ids.blockBytes + target.ids.rootBytes);

  const pack = await Pack.open({ ...target, cache: new ClockCache(2 ** 20) });
  expect(pack.readNow(pack.find("a") as PackedPlace)).toMatchObject({ body: '{"tag":"x"}' });
  expect(pack.find("b")).toMatchObject({ ordinal: 1, deleted: true });
  const problems: string[] = [];
  await verifyPack(
    pack,
    ({ detail }) => problems.push(detail),
    () => undefined,
  );
  expect(problems).toEqual([]);
  await pack.retire();
});

test("the examples of sealed files are sealed", async () => {
  const [manifest = "", checkpoint = ""] = await examplesIn("store");
  expect(manifestSchema.parse(unsealJson(Buffer.from(manifest), "example")).format).toBe(1);
  expect(checkpointSchema.parse(unsealJson(Buffer.from(checkpoint), "example"))).toMatchObject({
    sequence: 5,
    documents: { notes: 1 },
  });
});
