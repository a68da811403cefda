import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { allOf, notes } from "../support/notes.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

const program = fileURLToPath(new URL("../../build/test/programs/pack-writer.js", import.meta.url));

interface Told {
  readonly acknowledged: number;
  readonly merging: boolean;
}

/** Lets another process write, which as it is built has a thread for packs. @returns how many notes it said are safe. */
async function written(
  directory: string,
  { most, killWhen }: { readonly most?: number; readonly killWhen?: (told: Told) => boolean },
): Promise<number> {
  const child = spawn(process.execPath, [program, directory, ...(most === undefined ? [] : [String(most)])], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit") as Promise<[number | null, string | null]>;
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as Told;
    acknowledged = told.acknowledged;
    if (killWhen?.(told) === true) child.kill("SIGKILL");
  }
  expect(await ended).toEqual(killWhen === undefined ? [0, null] : [null, "SIGKILL"]);
  return acknowledged;
}

async function expectAll(folder: StateFolder, acknowledged: number): Promise<void> {
  const state = await folder.open();
  const collection = state.collection(notes);
  const numbers = new Set([...(await allOf(collection)).values()].map(({ count }) => count));
  for (let number = 0; number < acknowledged; number += 1)
    if (!numbers.has(number)) expect.fail(`note ${number} of ${acknowledged} is lost`);
  expect(await collection.count()).toBe(numbers.size);
  await state.close();
  expect((await verifyStateDirectory(folder.directory)).findings).toEqual([]);
  const names = await readdir(folder.at("collections", "notes", "packs"));
  expect(names.filter((name) => !/^\d{16}-\d{16}\.(pack|idx)$/.test(name))).toEqual([]);
}

describe("a store that is left while its thread makes packs", () => {
  test("by SIGKILL, time and again, has all that was acknowledged, and nothing half made", async () => {
    await using folder = await stateFolder();
    let acknowledged = 0;
    for (const life of [1, 2, 3]) {
      const goal = acknowledged + 6_000 + 700 * life;
      acknowledged = await written(folder.directory, { killWhen: (told) => told.acknowledged >= goal });
    }
    await expectAll(folder, acknowledged);
  });

  test("by SIGKILL in the middle of a merge, too", async () => {
    await using folder = await stateFolder();
    const killWhen = (told: Told): boolean => told.acknowledged >= 6_000 && told.merging;
    await expectAll(folder, await written(folder.directory, { killWhen }));
  });

  test("by closing, ends in good order, and its process with it", async () => {
    await using folder = await stateFolder();
    const most = 8_000;
    const acknowledged = await written(folder.directory, { most });
    expect(acknowledged).toBeGreaterThanOrEqual(most);
    await expectAll(folder, acknowledged);
  });
});
