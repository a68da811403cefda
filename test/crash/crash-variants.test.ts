import { describe, expect, test } from "vitest";
import type { DiskEvent } from "./disk/disk-event.js";
import { DiskLog } from "./disk/disk-event.js";
import { fingerprintOf, nodesOf, type DiskImage } from "./disk/disk-image.js";
import { SimulatedDisk } from "./disk/simulated-disk.js";
import { systematicVariants, type FaultKind } from "./states/crash-variants.js";
import { DiskHistory } from "./states/disk-history.js";
import { FileHistory } from "./states/file-history.js";

/** The disk after what was done to it, as a crash would find it. */
async function historyOf(work: (disk: SimulatedDisk) => Promise<void>): Promise<DiskHistory> {
  const log = new DiskLog();
  await work(new SimulatedDisk({ mountPoint: "/disk", recorder: log }));
  return following(log.events);
}

function following(events: readonly DiskEvent[]): DiskHistory {
  const history = DiskHistory.of(undefined);
  for (const event of events) history.follow(event);
  return history;
}

/** Every different state that is tried in any case: names with their contents. */
function statesOf(history: DiskHistory, fault?: FaultKind): string[] {
  const states = new Set<string>();
  for (const { faults, choice } of systematicVariants(history))
    if (fault === undefined || faults.includes(fault)) states.add(shownAs(history.image(choice)));
  return [...states].sort();
}

function shownAs(image: DiskImage): string {
  return [...nodesOf(image)]
    .filter(({ node }) => node.kind === "file")
    .map(({ path, node }) => `${path}=${node.kind === "file" ? shortened(node.bytes) : ""}`)
    .sort()
    .join(" ");
}

/** Each 512 bytes by their first: `a.b` is a sector of a, one of zeros, one of b. */
function shortened(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 512) text += bytes[at] === 0 ? "." : String.fromCharCode(bytes[at] ?? 0);
  return text;
}

async function write(disk: SimulatedDisk, path: string, text: string, how: "synced" | "unsynced"): Promise<void> {
  const file = await disk.open(path, "create");
  const bytes = Buffer.concat(text.split("").map((letter) => Buffer.alloc(512, letter)));
  await file.write(bytes, 0, bytes.length, 0);
  if (how === "synced") await file.sync();
  await file.close();
}

describe("a crash", () => {
  test("takes nothing of what was synced, name and bytes", async () => {
    const history = await historyOf(async (disk) => {
      await write(disk, "/disk/a", "aa", "synced");
      await disk.syncDirectory("/disk");
    });
    expect(statesOf(history)).toEqual(["a=aa"]);
  });

  test("may take the name of a file whose bytes were synced", async () => {
    const history = await historyOf((disk) => write(disk, "/disk/a", "aa", "synced"));
    expect(statesOf(history)).toEqual(["", "a=aa"]);
  });

  test("may take each sector of what was not synced, or leave the size without the bytes", async () => {
    const history = await historyOf(async (disk) => {
      await write(disk, "/disk/a", "ab", "unsynced");
      await disk.syncDirectory("/disk");
    });
    expect(statesOf(history)).toEqual(["a=", "a=..", "a=.b", "a=a.", "a=ab"]);
  });

  test("of a write-through leaves each sector old or new while it is under way, and takes none once it has returned", async () => {
    const log = new DiskLog();
    const disk = new SimulatedDisk({ mountPoint: "/disk", recorder: log });
    await write(disk, "/disk/a", "...", "synced");
    await disk.syncDirectory("/disk");
    const file = await disk.open("/disk/a", "write-through");
    await file.write(Buffer.alloc(1_024, "w"), 0, 1_024, 512);

    expect(log.events.at(-1)?.kind).toBe("end");
    expect(statesOf(following(log.events.slice(0, -1)))).toEqual(["a=...", "a=..w", "a=.w.", "a=.ww"]);
    expect(statesOf(following(log.events))).toEqual(["a=.ww"]);
  });

  test("leaves a replaced file old or new, and where renames are split, under both names or the new one's lack", async () => {
    const history = await historyOf(async (disk) => {
      await write(disk, "/disk/a", "o", "synced");
      await disk.syncDirectory("/disk");
      await write(disk, "/disk/a.tmp", "n", "synced");
      await disk.rename("/disk/a.tmp", "/disk/a");
    });
    expect(statesOf(history, "names kept in any subset")).toEqual(["a.tmp=n a=o", "a=n", "a=o"]);
    expect(statesOf(history, "renames split in two")).toEqual(["a.tmp=n a=n", "a.tmp=n a=o", "a=n", "a=o"]);
  });

  test("keeps names in order on some file systems, so that a synced one vouches for those before", async () => {
    const history = await historyOf(async (disk) => {
      await disk.makeDirectory("/disk/d");
      await disk.syncDirectory("/disk");
      await write(disk, "/disk/d/first", "1", "synced");
      await write(disk, "/disk/second", "2", "synced");
      await disk.syncDirectory("/disk");
      await write(disk, "/disk/d/third", "3", "synced");
    });
    expect(statesOf(history, "names kept up to some operation")).toEqual(["d/first=1 second=2"]);
    expect(statesOf(history, "names kept in any subset")).toEqual([
      "d/first=1 d/third=3 second=2",
      "d/first=1 second=2",
      "d/third=3 second=2",
      "second=2",
    ]);
  });

  test("may bring back what was removed, and take a folder with all that is in it", async () => {
    const history = await historyOf(async (disk) => {
      await write(disk, "/disk/gone", "g", "synced");
      await disk.syncDirectory("/disk");
      await disk.remove("/disk/gone");
      await disk.makeDirectory("/disk/d");
      await write(disk, "/disk/d/a", "a", "synced");
      await disk.syncDirectory("/disk/d");
    });
    expect(statesOf(history)).toEqual(["", "d/a=a", "d/a=a gone=g", "gone=g"]);
  });

  test("a sync covers what came before it began, and not what came while it was under way", () => {
    const history = new FileHistory();
    history.change({ kind: "write", position: 0, bytes: Buffer.alloc(512, "a"), settled: false });
    const covered = history.newestChange;
    history.change({ kind: "write", position: 512, bytes: Buffer.alloc(512, "b"), settled: false });
    history.synced(covered);
    expect(shortened(history.oldest())).toBe("a");
    expect(shortened(history.newest())).toBe("ab");
  });
});

test("a fingerprint tells contents and names apart, and nothing else", async () => {
  const disk = new SimulatedDisk({ mountPoint: "/disk" });
  await write(disk, "/disk/a", "a", "unsynced");
  const before = fingerprintOf(disk.image());
  await disk.touch("/disk/a", new Date(1));
  expect(fingerprintOf(disk.image())).toBe(before);
  await disk.rename("/disk/a", "/disk/b");
  expect(fingerprintOf(disk.image())).not.toBe(before);
});
