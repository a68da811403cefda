import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCollection } from "../../src/collections/index.js";
import { decodeDocument, encodeDocument, type Envelope } from "../../src/documents/envelope.js";
import { LooseDocuments } from "../../src/documents/loose-documents.js";
import { Layout } from "../../src/files/layout.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

interface FirstCard {
  readonly name: string;
}
interface ThirdCard {
  readonly names: readonly string[];
  readonly tag: string;
}

const first = defineCollection<FirstCard>({ name: "cards", schema: z.looseObject({ name: z.string() }) });
const third = defineCollection<ThirdCard>({
  name: "cards",
  schema: z.looseObject({ names: z.array(z.string()), tag: z.string() }),
  version: 3,
  migrations: {
    1: (body) => ({ names: [(body as FirstCard).name] }),
    2: (body) => ({ ...(body as { names: string[] }), tag: `${(body as { names: string[] }).names.length} name` }),
  },
  indexes: { tag: { path: "tag" } },
});

function fileOf(folder: StateFolder, id: string): string {
  return new LooseDocuments(nodeFileSystem, new Layout(folder.directory)).pathOf("cards", id);
}

async function onDisk(folder: StateFolder, id: string): Promise<{ envelope: Envelope; body: unknown }> {
  const path = fileOf(folder, id);
  const { envelope, body } = decodeDocument(await readFile(path), path);
  return { envelope, body: JSON.parse(body) as unknown };
}

/** Puts a document where another version of the program would have. */
async function plant(folder: StateFolder, envelope: Envelope, body: unknown): Promise<void> {
  const path = fileOf(folder, envelope.id);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, encodeDocument(envelope, JSON.stringify(body)));
}

describe("schema versions", () => {
  test("1, 2, 3: migrated when read, from the file and from the journal, and written back at the next change", async () => {
    await using folder = await stateFolder();
    const before = await folder.open({ collections: [first] });
    await before.collection(first).insert("filed", { name: "Ada" });
    await before.checkpoint();
    await before.collection(first).insert("journaled", { name: "Grace" });
    const directory = await folder.crash();
    await before.close();

    for (const at of [folder.directory, directory]) {
      await using after = await folder.open({ directory: at, collections: [third] });
      const cards = after.collection(third);
      for (const [id, name] of [
        ["filed", "Ada"],
        ["journaled", "Grace"],
      ] as const) {
        expect(await cards.get(id)).toMatchObject({ revision: 1, body: { names: [name], tag: "1 name" } });
      }
      expect(await cards.count({ where: { tag: "1 name" } })).toBe(2);
    }
    expect((await onDisk(folder, "filed")).envelope.schemaVersion).toBe(1);

    const again = await folder.open({ collections: [third] });
    await again.collection(third).update("filed", (card) => ({ ...card, names: [...card.names, "Lovelace"] }));
    await again.checkpoint();
    const { envelope, body } = await onDisk(folder, "filed");
    expect(envelope).toMatchObject({ schemaVersion: 3, revision: 2 });
    expect(body).toEqual({ names: ["Ada", "Lovelace"], tag: "1 name" });
    expect((await onDisk(folder, "journaled")).envelope.schemaVersion).toBe(1);
  });

  test("a migration that fails says which document, and leaves it as it is", async () => {
    await using folder = await stateFolder();
    const before = await folder.open({ collections: [first] });
    await before.collection(first).insert("odd", { name: "Ada" });
    await before.close();
    const broken = defineCollection<FirstCard>({
      name: "cards",
      schema: z.looseObject({ name: z.string() }),
      version: 2,
      migrations: {
        1: () => {
          throw new TypeError("no such member");
        },
      },
    });
    const after = await folder.open({ collections: [broken] });
    const error = await rejectionOf(after.collection(broken).get("odd"));
    expect(error).toMatchObject({ code: "CORRUPT", details: { collection: "cards", id: "odd", from: 1 } });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect((await onDisk(folder, "odd")).body).toEqual({ name: "Ada" });
  });

  test("a newer one than the program knows is refused, and left untouched by whatever is tried", async () => {
    await using folder = await stateFolder();
    const before = await folder.open({ collections: [third] });
    await before.collection(third).insert("newer", { names: ["Ada"], tag: "x" });
    await before.close();
    const bytes = await readFile(fileOf(folder, "newer"));

    const after = await folder.open({ collections: [first] });
    const cards = after.collection(first);
    const refused = { code: "UNSUPPORTED_FORMAT" };
    await expect(cards.get("newer")).rejects.toMatchObject(refused);
    await expect(cards.list()).rejects.toMatchObject(refused);
    await expect(cards.put("newer", { name: "Eve" })).rejects.toMatchObject(refused);
    await expect(cards.update("newer", (card) => card)).rejects.toMatchObject(refused);
    await expect(after.transaction((tx) => tx.collection(first).put("newer", { name: "Eve" }))).rejects.toMatchObject(
      refused,
    );
    await cards.insert("other", { name: "Grace" });
    await after.close();
    expect(await readFile(fileOf(folder, "newer"))).toEqual(bytes);
  });
});

describe("members of the envelope that this version does not know", () => {
  test("are kept through reads, updates, checkpoints and recoveries", async () => {
    await using folder = await stateFolder();
    await (await folder.open({ collections: [first] })).close();
    const time = "2026-03-01T12:00:00.000Z";
    const unknown = { tenant: { id: "t1" }, encrypted: false };
    const known = {
      kind: "cards",
      schemaVersion: 1,
      id: "a",
      revision: 4,
      sequence: 1,
      createdAt: time,
      createdSequence: 1,
      createdIndex: 0,
      updatedAt: time,
    };
    await plant(folder, { ...known, unknown }, { name: "Ada", extra: [1] });

    const state = await folder.open({ collections: [first] });
    expect(await state.collection(first).get("a")).toMatchObject({ revision: 4, body: { name: "Ada", extra: [1] } });
    await state.collection(first).update("a", (card) => ({ ...card, name: "Ada L." }));
    const crashed = await folder.crash();
    await state.close();
    expect(await onDisk(folder, "a")).toMatchObject({
      envelope: { revision: 5, unknown },
      body: { name: "Ada L.", extra: [1] },
    });

    await (await folder.open({ directory: crashed, collections: [first] })).close();
    const recovered = new LooseDocuments(nodeFileSystem, new Layout(crashed));
    expect((await recovered.read("cards", "a"))?.envelope).toMatchObject({ revision: 5, unknown });
  });
});
