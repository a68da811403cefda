import { basename } from "node:path";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import type { FileSystem } from "../../src/files/file-system.js";
import { parseSegmentName } from "../../src/journal/segment-name.js";
import { notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

/** A real disk that writes down what was synced, and when a segment got its name. */
function observedDisk(steps: string[]): FileSystem {
  return {
    ...nodeFileSystem,
    async open(path, mode) {
      const file = await nodeFileSystem.open(path, mode);
      const sync = async (): Promise<void> => {
        await file.sync();
        steps.push(`sync ${basename(path)}`);
      };
      return {
        path,
        read: (...range) => file.read(...range),
        readNow: (...range) => file.readNow(...range),
        write: (...range) => file.write(...range),
        truncate: (length) => file.truncate(length),
        size: () => file.size(),
        close: () => file.close(),
        sync,
      };
    },
    async rename(from, to) {
      await nodeFileSystem.rename(from, to);
      if (parseSegmentName(basename(to)) !== undefined) steps.push(`segment ${basename(to)}`);
    },
    async syncDirectory(path) {
      await nodeFileSystem.syncDirectory(path);
      steps.push(`sync folder ${basename(path)}`);
    },
  };
}

test("what a killed owner left in the system's memory is on disk before the next one builds on it", async () => {
  await using folder = await stateFolder();
  const first = await folder.open();
  await first.collection(notes).insert("a", { text: "a" });
  const crashed = await folder.crash();

  const steps: string[] = [];
  const next = await folder.open({ directory: crashed, environment: { fileSystem: observedDisk(steps) } });
  expect(next.recovery.journal.replayed).toBeGreaterThan(0);
  const begun = steps.findIndex((step) => step.startsWith("segment "));
  expect(begun).toBeGreaterThan(0);
  // A kill in the middle of a write leaves bytes that can be read, and that a power loss would still take.
  expect(steps.slice(0, begun)).toContain("sync 00000001-0000000000000001.wal");
  // And one in the middle of a replaced checkpoint leaves a name that a power loss would take back.
  expect(steps.slice(0, begun)).toContain(`sync folder ${basename(crashed)}`);
});
