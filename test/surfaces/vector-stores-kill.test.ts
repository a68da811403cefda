import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { intentsCollection } from "../../src/surfaces/vector-stores/index.js";
import { FolderBackend } from "../programs/folder-backend.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { recount } from "./vector-store-samples.js";

const program = fileURLToPath(new URL("../../build/test/programs/vector-store-process.js", import.meta.url));

interface Told {
  readonly created?: string;
  readonly deleted?: string;
  readonly stopped?: string;
}

/** Runs the program until it stands at a step, and kills it there. @returns what it said was acknowledged. */
async function killedAt(step: string, directory: string, collections: string): Promise<Told> {
  const child = spawn(process.execPath, [program, directory, collections, step], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let told: Told = {};
  for await (const line of createInterface({ input: child.stdout })) {
    told = { ...told, ...(JSON.parse(line) as Told) };
    if (told.stopped !== undefined) child.kill("SIGKILL");
  }
  await ended;
  expect(told.stopped).toBe(step);
  return told;
}

/** What the next owner finds, and does about it. */
const outcomes: readonly {
  readonly step: string;
  readonly reports: readonly string[];
  readonly attachment?: "failed" | "completed";
}[] = [
  { step: "before create", reports: ["rolled_back creation_interrupted"] },
  { step: "after create", reports: ["rolled_back creation_interrupted"] },
  { step: "ingest", reports: ["failed interrupted_by_restart"], attachment: "failed" },
  { step: "ingested", reports: [], attachment: "completed" },
  { step: "before delete", reports: ["finished deletion_interrupted"] },
  { step: "after delete", reports: ["finished deletion_interrupted"] },
  { step: "deleted", reports: [] },
];

test.for(outcomes)(
  "S4: killed at $step, the next owner finds it whole or gone",
  async ({ step, reports, attachment }) => {
    await using folder = await temporaryFolder();
    const collections = folder.at("collections");
    await mkdir(collections);
    const told = await killedAt(step, folder.at("state"), collections);
    const backend = new FolderBackend(collections);
    const options = { directory: folder.at("state"), vectorStores: { backend } };
    for (const expected of [reports, []]) {
      await using state = await openStateDirectory(options);
      const found = state.recovery.reconciled.filter(({ surface }) => surface === "vector_stores");
      expect(found.map(({ action, reason }) => `${action} ${reason}`)).toEqual(expected);
      const { vectorStores: stores } = await state.vectorStores.list();
      expect(stores.map(({ id }) => id)).toEqual(attachment === undefined ? [] : [told.created]);
      expect(await backend.list()).toEqual(stores.map(({ id }) => id));
      expect(await state.collection(intentsCollection).count()).toBe(0);
      for (const store of stores) {
        expect(store.file_counts).toMatchObject({ [attachment ?? ""]: 1, in_progress: 0, total: 1 });
        expect(store).toMatchObject(await recount(state, store.id));
      }
    }
  },
);
