import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { damagedFiles, expectNothingWrong, expectRecovery } from "../support/after-damage.js";
import { crashCopy } from "../support/crash-copy.js";
import { filesBelow, fingerprint, treeOf } from "../support/directory-fingerprint.js";
import { flipByte } from "../support/flip-byte.js";
import { directoryLeftBy, type AcknowledgedNotes } from "../support/note-writer.js";
import { notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";
import { temporaryFolder, type TemporaryFolder } from "../support/temporary-folder.js";

const run = promisify(execFile);
const documentFiles = /^collections\/notes\/documents\/.*\.json$/;

interface Left {
  readonly directory: string;
  readonly acknowledged: AcknowledgedNotes;
}

let folder: TemporaryFolder;
const left = new Map<"kill" | "close", Left>();

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const ending of ["kill", "close"] as const) {
    const directory = folder.at(ending);
    left.set(ending, { directory, acknowledged: await directoryLeftBy(ending, directory) });
  }
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

function leftBy(ending: "kill" | "close"): Left {
  return left.get(ending) as Left;
}

async function copyOf(ending: "kill" | "close", name: string): Promise<string> {
  const copy = folder.at(`${ending}-${name}`);
  await crashCopy(leftBy(ending).directory, copy);
  return copy;
}

/** Offsets spread over a file, its first and last byte among them. */
function spread(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((index * (length - 1)) / (count - 1)));
}

describe.each(["kill", "close"] as const)("a directory left by %s", (ending) => {
  test("has documents that jq reads", async () => {
    const files = await filesBelow(leftBy(ending).directory, documentFiles);
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ kind: "notes" });
    try {
      const { stdout } = await run("jq", [".id", ...files]);
      expect(stdout.trim().split("\n")).toHaveLength(files.length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      console.warn("jq is not installed: the documents were read by JSON.parse alone.");
    }
  });

  test("is private: files 0600, folders 0700", async () => {
    for (const { path, kind, mode } of await treeOf(leftBy(ending).directory)) {
      if (kind === "file") expect(`${path} ${mode.toString(8)}`).toBe(`${path} 600`);
      if (kind === "directory") expect(`${path} ${mode.toString(8)}`).toBe(`${path} 700`);
    }
  });

  test("passes verify, which changes nothing, and is whole when opened", async () => {
    const directory = await copyOf(ending, "whole");
    const before = await fingerprint(directory);
    expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true, findings: [] });
    expect(await fingerprint(directory)).toEqual(before);
    await using here = await stateFolder();
    const state = await here.open({ directory });
    expect(await expectNothingWrong(state, leftBy(ending).acknowledged)).toEqual([]);
    expect(state.recovery).toMatchObject({ outcome: ending === "kill" ? "recovered" : "clean", damage: [] });
  });

  test("recovers from a damaged document, wherever the byte", async () => {
    const size = (await readFile((await filesBelow(leftBy(ending).directory, /filed_7\.json$/))[0] as string)).length;
    for (const offset of spread(size, 4)) {
      const directory = await copyOf(ending, `document-${offset}`);
      const [file] = await filesBelow(directory, /\/filed_7\.json$/);
      await flipByte(file as string, offset);
      const { missing, quarantined } = await expectRecovery(directory, leftBy(ending).acknowledged, /filed_7\.json/);
      // The journal is kept for followers for a while, and what it still holds is restored from it.
      expect(missing).toEqual([]);
      expect(quarantined).toBe(1);
    }
  });

  test("reports a damaged document that is nowhere else as lost", async () => {
    const directory = await copyOf(ending, "document-lost");
    for (const name of ["filed_7", "x{100}~.*"]) {
      const [file] = await filesBelow(directory, new RegExp(`/${name}\\.json$`));
      await flipByte(file as string, 300);
    }
    // Its commit is in the oldest segments.
    const segments = await filesBelow(directory, /\.wal$/);
    // All below the checkpoint.
    for (const segment of segments.slice(0, ending === "kill" ? 1 : -1)) await rm(segment);
    const { missing, report } = await expectRecovery(directory, leftBy(ending).acknowledged, /filed_7\.json/);
    expect(missing).toContain("filed_7");
    expect(missing).toContain("x".repeat(256));
    expect(report.lostDocuments).toHaveLength(2);
  });

  test("recovers from damage in the journal, wherever the byte", async () => {
    const segments = await filesBelow(leftBy(ending).directory, /\.wal$/);
    const newest = relative(leftBy(ending).directory, segments.at(-1) as string);
    const content = (await readFile(segments.at(-1) as string)).findLastIndex((byte) => byte !== 0) + 1;
    // Not in the last line: that one may never have been acknowledged, as far as anybody can tell.
    for (const offset of spread(content - 60, 4)) {
      const directory = await copyOf(ending, `journal-${offset}`);
      await flipByte(join(directory, newest), offset);
      const { missing } = await expectRecovery(directory, leftBy(ending).acknowledged, /^journal\//);
      if (ending === "close") expect(missing).toEqual([]);
    }
  });

  test("finds damage in what the journal keeps behind the checkpoint, though nothing depends on it", async () => {
    const segments = await filesBelow(leftBy(ending).directory, /\.wal$/);
    const oldest = relative(leftBy(ending).directory, segments[0] as string);
    for (const offset of [20, 8_000]) {
      const directory = await copyOf(ending, `history-${offset}`);
      await flipByte(join(directory, oldest), offset);
      const { missing, quarantined } = await expectRecovery(directory, leftBy(ending).acknowledged, new RegExp(oldest));
      expect(missing).toEqual([]);
      // The damaged bytes, and then the segment they were in.
      expect(quarantined).toBe(2);
    }
  });

  test("recovers from a damaged manifest, wherever the byte", async () => {
    const size = (await readFile(join(leftBy(ending).directory, "manifest.json"))).length;
    const format = '{"format":'.length;
    for (const [offset, mask] of [...spread(size, 3).map((at) => [at, 0x01] as const), [format, 0x02] as const]) {
      const directory = await copyOf(ending, `manifest-${offset}`);
      await flipByte(join(directory, "manifest.json"), offset, mask);
      const { missing } = await expectRecovery(directory, leftBy(ending).acknowledged, /^manifest\.json$/);
      expect(missing).toEqual([]);
    }
  });

  test("recovers from a damaged checkpoint, wherever the byte", async () => {
    const size = (await readFile(join(leftBy(ending).directory, "checkpoint.json"))).length;
    const format = '{"format":'.length;
    for (const [offset, mask] of [...spread(size, 3).map((at) => [at, 0x01] as const), [format, 0x02] as const]) {
      const directory = await copyOf(ending, `checkpoint-${offset}`);
      await flipByte(join(directory, "checkpoint.json"), offset, mask);
      const { missing } = await expectRecovery(directory, leftBy(ending).acknowledged, /^checkpoint\.json$/);
      expect(missing).toEqual([]);
    }
  });

  test("recovers from a damaged claim, wherever the byte", async () => {
    const [claim] = await readdir(join(leftBy(ending).directory, "epochs"));
    const path = join("epochs", claim as string);
    const size = (await readFile(join(leftBy(ending).directory, path))).length;
    for (const offset of spread(size, 2)) {
      const directory = await copyOf(ending, `claim-${offset}`);
      await flipByte(join(directory, path), offset);
      const { missing } = await expectRecovery(directory, leftBy(ending).acknowledged, /^epochs\/00000001$/);
      expect(missing).toEqual([]);
    }
  });

  test("recovers from a missing document", async () => {
    const directory = await copyOf(ending, "missing");
    const [file] = await filesBelow(directory, /\/filed_9\.json$/);
    await rm(file as string);
    const { missing, report } = await expectRecovery(
      directory,
      leftBy(ending).acknowledged,
      /^collections\/notes\/documents$/,
    );
    expect(missing).toEqual([]);
    expect(report.lostDocuments).toEqual([]);
  });

  test("counts a missing document that is nowhere else", async () => {
    const directory = await copyOf(ending, "missing-lost");
    const [file] = await filesBelow(directory, /\/filed_9\.json$/);
    await rm(file as string);
    const segments = await filesBelow(directory, /\.wal$/);
    // All below the checkpoint.
    for (const segment of segments.slice(0, ending === "kill" ? 1 : -1)) await rm(segment);
    await using here = await stateFolder();
    expect((await verifyStateDirectory(directory)).ok).toBe(false);
    const state = await here.open({ directory });
    expect(state.recovery).toMatchObject({ outcome: "degraded", lostDocuments: [{ collection: "notes", id: "" }] });
    expect(await state.collection(notes).get("filed_9")).toBeUndefined();
    await state.close();
    expect((await here.open({ directory })).recovery.outcome).toBe("clean");
  });

  test("does not mistake one document for another", async () => {
    const directory = await copyOf(ending, "swapped");
    const [one] = await filesBelow(directory, /\/filed_11\.json$/);
    const [other] = await filesBelow(directory, /\/filed_12\.json$/);
    await rename(one as string, `${one as string}.aside`);
    await rename(other as string, one as string);
    await rename(`${one as string}.aside`, other as string);
    const { missing } = await expectRecovery(
      directory,
      leftBy(ending).acknowledged,
      /filed_11\.json\n.*filed_12\.json/,
    );
    expect(missing).toEqual([]);
  });

  test("recovers from files that were emptied", async () => {
    for (const name of [
      /\/filed_8\.json$/,
      /^manifest\.json$/,
      /^checkpoint\.json$/,
      /^epochs\/\d+$/,
      /^journal\/.*\.wal$/,
    ]) {
      const directory = await copyOf(ending, `emptied-${name.source.replaceAll(/\W/g, "")}`);
      const file = (await filesBelow(directory, name)).at(-1) as string;
      await writeFile(file, "");
      const found = new RegExp(relative(directory, file));
      const { missing } = await expectRecovery(directory, leftBy(ending).acknowledged, found);
      if (ending === "close" || !name.source.includes("wal")) expect(missing).toEqual([]);
    }
  });

  test("that lost its whole journal says so", async () => {
    const directory = await copyOf(ending, "no-journal");
    await rm(join(directory, "journal"), { recursive: true });
    await using here = await stateFolder();
    const verified = await verifyStateDirectory(directory);
    expect(damagedFiles(verified)).toContain("journal");
    const state = await here.open({ directory });
    expect(state.recovery.damage).toMatchObject([{ file: "journal", kind: "journal", repaired: false }]);
    expect(state.recovery.outcome).toBe("degraded");
    if (ending === "close") expect(await expectNothingWrong(state, leftBy(ending).acknowledged)).toEqual([]);
  });

  test("sets foreign files aside and sweeps what was left half written", async () => {
    const directory = await copyOf(ending, "foreign");
    const [file] = await filesBelow(directory, /\/filed_7\.json$/);
    const shard = dirname(file as string);
    await writeFile(join(shard, "README.txt"), "mine");
    await mkdir(join(shard, "backup"));
    await writeFile(join(shard, "half.json.0123456789ab.tmp"), '{"kind"');
    await writeFile(join(directory, "checkpoint.json.0123456789ab.tmp"), "{");
    await writeFile(join(directory, "journal", "next.0123456789ab.tmp"), Buffer.alloc(1_000));
    await writeFile(join(directory, "my-notes.txt"), "mine");
    const temporary = await filesBelow(directory, /\.tmp$/);
    expect(temporary.length).toBeGreaterThanOrEqual(3);
    const verified = await verifyStateDirectory(directory);
    expect(verified.ok).toBe(true);
    expect(verified.findings.map(({ kind }) => kind)).toContain("foreign");

    await using here = await stateFolder();
    const state = await here.open({ directory });
    expect(await expectNothingWrong(state, leftBy(ending).acknowledged)).toEqual([]);
    expect(state.recovery.removedTemporaryFiles).toBe(temporary.length);
    expect(state.recovery.damage.map(({ kind, repaired }) => ({ kind, repaired }))).toEqual([
      { kind: "foreign", repaired: true },
      { kind: "foreign", repaired: true },
    ]);
    await state.close();
    expect(await filesBelow(directory, /\.tmp$/)).toEqual([]);
    // Nothing that is not ours is deleted.
    expect(await filesBelow(join(directory, "quarantine"), /README\.txt$/)).toHaveLength(1);
    expect(await readFile(join(directory, "my-notes.txt"), "utf8")).toBe("mine");
  });

  test("does not take a checkpoint of another directory for its own", async () => {
    await using here = await stateFolder();
    const other = await here.open();
    for (let number = 0; number < 200; number += 1) await other.collection(notes).put("busy", { text: String(number) });
    await other.close();
    const directory = await copyOf(ending, "other-checkpoint");
    await cp(here.at("checkpoint.json"), join(directory, "checkpoint.json"));
    const { missing } = await expectRecovery(directory, leftBy(ending).acknowledged, /^checkpoint\.json$/);
    expect(missing).toEqual([]);
  });
});
