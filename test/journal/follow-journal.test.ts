import { appendFile, rm, truncate, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { JournalFollower } from "../../src/journal/follow-journal.js";
import { eventually } from "../support/eventually.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { commit, entry, header, lines, openWriter, range, writeSegment } from "../support/journal-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";

class Followed {
  readonly sequences: number[] = [];
  readonly follower: JournalFollower;

  constructor(directory: string, segment?: string, lastSequence = 0) {
    this.follower = new JournalFollower(nodeFileSystem, directory, segment, lastSequence);
  }

  poll(): Promise<"current" | "gap"> {
    return this.follower.poll(({ sequence }) => this.sequences.push(sequence));
  }
}

describe("a follower", () => {
  test("hands out what a watermark covers, and holds back the rest", async () => {
    await using folder = await temporaryFolder();
    const name = await writeSegment(folder.path, header(), lines(header(), commit(1, 0), commit(2, 0), commit(3, 2)));
    const followed = new Followed(folder.path);
    expect(await followed.poll()).toBe("current");
    expect(followed.sequences).toEqual([1, 2]);
    await appendFile(folder.at(name), lines({ durable: 3 }));
    expect(await followed.poll()).toBe("current");
    expect(followed.sequences).toEqual([1, 2, 3]);
    expect(await followed.poll()).toBe("current");
    expect(followed.sequences).toEqual([1, 2, 3]);
  });

  test("waits for a line that is not whole yet", async () => {
    await using folder = await temporaryFolder();
    const whole = Buffer.concat([lines(header(), commit(1, 0), commit(2, 1)), lines({ durable: 2 })]);
    const followed = new Followed(folder.path);
    const name = await writeSegment(folder.path, header(), Buffer.alloc(0));
    for (let length = 0; length <= whole.length; length += 13) {
      await writeFile(folder.at(name), Buffer.concat([whole.subarray(0, length), Buffer.alloc(500)]));
      expect(await followed.poll()).toBe("current");
    }
    await writeFile(folder.at(name), whole);
    expect(await followed.poll()).toBe("current");
    expect(followed.sequences).toEqual([1, 2]);
  });

  test("goes from segment to segment as they are written, without a gap or a repeat", async () => {
    await using folder = await temporaryFolder();
    const { writer } = await openWriter(folder.path);
    const followed = new Followed(folder.path);
    for (const sequence of range(1, 60)) {
      writer.append(entry(sequence, (sequence % 7) * 300));
      await writer.idle();
      if (sequence % 4 === 0) expect(await followed.poll()).toBe("current");
    }
    expect(writer.segments.length).toBeGreaterThan(3);
    await eventually("the last one is covered", async () => {
      expect(await followed.poll()).toBe("current");
      return followed.follower.lastSequence === 60;
    });
    expect(followed.sequences).toEqual(range(1, 60));
    await writer.close();
  });

  test("takes a line longer than it reads at once", async () => {
    await using folder = await temporaryFolder();
    const { writer } = await openWriter(folder.path);
    writer.append(entry(1, 900_000));
    await writer.idle();
    writer.append(entry(2));
    await writer.idle();
    const followed = new Followed(folder.path);
    await eventually("both are covered", async () => {
      expect(await followed.poll()).toBe("current");
      return followed.follower.lastSequence === 2;
    });
    await writer.close();
  });

  test("begins behind a sequence number", async () => {
    await using folder = await temporaryFolder();
    const name = await writeSegment(
      folder.path,
      header(),
      lines(header(), commit(1), commit(2), commit(3), { durable: 3 }),
    );
    const followed = new Followed(folder.path, name, 2);
    expect(await followed.poll()).toBe("current");
    expect(followed.sequences).toEqual([3]);
  });

  test("does not hand out what a fenced owner wrote behind the seal", async () => {
    await using folder = await temporaryFolder();
    const sealed = lines(header(), commit(1, 0));
    const name = await writeSegment(folder.path, header(), Buffer.concat([sealed, lines(commit(2, 1))]));
    const followed = new Followed(folder.path);
    expect(await followed.poll()).toBe("current");
    expect(followed.sequences).toEqual([1]);
    const next = header({ epoch: 2, first: 2, previous: { segment: name, length: sealed.length } });
    await writeSegment(folder.path, next, lines(next, { ...commit(2, 1), operations: [] }, { durable: 2 }));
    const taken: unknown[] = [];
    expect(await followed.follower.poll((found) => taken.push(found))).toBe("current");
    expect(taken).toEqual([{ ...commit(2, 1), operations: [] }]);
  });

  test("says when it can not go on: a segment gone, damaged, cut, or not there to begin with", async () => {
    await using folder = await temporaryFolder();
    const first = lines(header(), commit(1), commit(2), commit(3));
    const one = await writeSegment(folder.path, header(), first);
    const next = header({ first: 4, previous: { segment: one, length: first.length } });
    const two = await writeSegment(folder.path, next, lines(next, commit(4), { durable: 4 }));

    const damaged = new Followed(folder.path);
    await flipByteWithin(folder.at(one), '"note 3"');
    expect(await damaged.poll()).toBe("gap");
    expect(damaged.sequences).toEqual([1]);

    const short = new Followed(folder.path);
    await writeFile(folder.at(one), first);
    await truncate(folder.at(one), first.length - 20);
    expect(await short.poll()).toBe("gap");

    const late = new Followed(folder.path, one, 1);
    await rm(folder.at(one));
    expect(await late.poll()).toBe("gap");
    expect(await new Followed(folder.path, undefined, 0).poll()).toBe("gap");
    const current = new Followed(folder.path, two, 3);
    expect(await current.poll()).toBe("current");
    expect(current.sequences).toEqual([4]);
  });
});
