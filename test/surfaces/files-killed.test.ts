import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bytesOf } from "../blobs/blobs-under-test.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { blobNames, inconsistencies, openFiles } from "./files-under-test.js";

const program = fileURLToPath(new URL("../../build/test/programs/file-uploader.js", import.meta.url));

interface Told {
  /** By id, the SHA-256 of what was acknowledged and not asked to go. */
  readonly uploaded: Map<string, string>;
  readonly deleted: Set<string>;
}

/** Runs the program until it has told so many lines, kills it, and adds what it had told by then. */
async function killedAfter(lines: number, directory: string, told: Told): Promise<void> {
  const child = spawn(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let count = 0;
  let isHalf = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, id = "", sha256 = "" } = JSON.parse(line) as { event: string; id?: string; sha256?: string };
    if (event === "half") isHalf = true;
    if (event === "uploaded") told.uploaded.set(id, sha256);
    // From here on it may be there or not.
    if (event === "deleting") told.uploaded.delete(id);
    if (event === "deleted") told.deleted.add(id);
    count += 1;
    if (count >= lines && isHalf) child.kill("SIGKILL");
  }
  await ended;
}

test("S1, S5: files survive SIGKILL in the middle of uploads and deletions, whole or not at all", async () => {
  await using folder = await temporaryFolder();
  const directory = folder.at("state");
  const told: Told = { uploaded: new Map(), deleted: new Set() };
  for (const lines of [1, 12, 37]) {
    await killedAfter(lines, directory, told);
    expect((await blobNames(directory)).filter((name) => name.endsWith(".tmp")).length).toBeGreaterThanOrEqual(1);
    const opened = await openFiles(directory);
    expect(await inconsistencies(opened)).toEqual([]);
    expect((await blobNames(directory)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(opened.store.recovery.removedTemporaryFiles).toBeGreaterThanOrEqual(1);
    for (const [id, sha256] of told.uploaded) {
      const bytes = await bytesOf((await opened.files.content(id))?.bytes);
      expect([id, createHash("sha256").update(bytes).digest("hex")]).toEqual([id, sha256]);
    }
    for (const id of told.deleted) expect(await opened.files.get(id)).toBeUndefined();
    // What was not acknowledged is there whole, or not at all.
    expect(await opened.files.verify()).toMatchObject({ findings: [] });
    await opened.close();
  }
  expect(told.uploaded.size).toBeGreaterThan(20);
});
