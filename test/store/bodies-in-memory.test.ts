import { describe, expect, test } from "vitest";
import { notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

/** Of one to four bytes a character, so that what is counted in characters and what is counted in bytes differ. */
const texts = [
  "",
  "plain",
  "é",
  "漢字とかな",
  "🧭 and more",
  '"quoted" \\ and\nbroken',
  "x".repeat(5000),
  "ü".repeat(3000),
];

describe("bodies that stay in memory as the bytes of the journal", () => {
  test("read as they were written, whatever stands beside them in their commit", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const collection = state.collection(notes);
    const expected = new Map<string, string>();
    for (const [index, text] of texts.entries()) {
      await collection.put(`ä${index}`, { text });
      expected.set(`ä${index}`, text);
      await state.transaction(async (tx) => {
        const inside = tx.collection(notes);
        for (const [place, other] of texts.entries()) {
          const id = `tx-${place % 2 === 0 ? "é" : "e"}-${index}-${place}`;
          await inside.put(id, { text: other + text });
          expected.set(id, other + text);
          if (place === 3) {
            expect(await inside.delete(`ä${index}`)).toBe(true);
            expected.delete(`ä${index}`);
          }
        }
      });
    }
    const readAll = async (): Promise<Map<string, string>> => {
      const { documents } = await collection.list({ limit: 1000 });
      return new Map(documents.map(({ id, body }) => [id, body.text]));
    };
    expect(await readAll()).toEqual(expected);
    for (const [id, text] of expected) expect((await collection.get(id))?.body).toEqual({ text });
    await state.checkpoint();
    expect(await readAll()).toEqual(expected);
    await state.close();
    const reopened = await folder.open();
    for (const [id, text] of expected) expect((await reopened.collection(notes).get(id))?.body).toEqual({ text });
  });

  test("stay whole while batches go from one piece of memory to the next", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ checkpointBytes: 1024 * 1024 * 1024, journalLimitBytes: 1024 * 1024 * 1024 });
    const collection = state.collection(notes);
    const textOf = (index: number): string => `${index} ${"ab".repeat(1000 + index)} ${index % 3 === 0 ? "ö" : ""}`;
    // Some four megabytes, in batches of many sizes, one document alone larger than a piece.
    for (let index = 0; index < 700;) {
      const batch = Array.from({ length: 1 + (index % 40) }, (_, place) => index + place);
      await Promise.all(batch.map((one) => collection.insert(`n${one}`, { text: textOf(one) })));
      index += batch.length;
    }
    const large = "y".repeat(2 * 1024 * 1024);
    await Promise.all([
      collection.insert("before", { text: "small" }),
      collection.insert("large", { text: large }),
      collection.insert("behind", { text: "small too" }),
    ]);
    for (let index = 0; index < 700; index += 1) {
      expect((await collection.get(`n${index}`))?.body.text).toBe(textOf(index));
    }
    expect((await collection.get("large"))?.body.text).toBe(large);
    expect((await collection.get("behind"))?.body.text).toBe("small too");
  });

  test("are what followers of the changes are given", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const since = state.lastSequence;
    await state.transaction(async (tx) => {
      for (const [index, text] of texts.entries()) await tx.collection(notes).put(`é${index}`, { text });
    });
    await state.collection(notes).put("ascii", { text: "ascii" });
    const bodies: unknown[] = [];
    for await (const { operations } of state.changes({ since })) {
      bodies.push(...operations.map((operation) => (operation.type === "put" ? operation.body : undefined)));
      if (bodies.length > texts.length) break;
    }
    expect(bodies).toEqual([...texts, "ascii"].map((text) => ({ text })));
  });
});
