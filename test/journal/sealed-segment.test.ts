import { expect, test } from "vitest";
import { commit, header, lines, range, readBack, writeSegment } from "../support/journal-folder.js";
import { formatSegmentName } from "../../src/journal/segment-name.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** What an owner that had lost the directory may leave behind the length at which its successor has sealed its segment. */
const behindTheSeal = {
  "half a line": lines(commit(4, 3)).subarray(0, 60),
  "a hole and a whole line": Buffer.concat([Buffer.alloc(512), lines(commit(4, 3))]),
  "a line that calls itself and more acknowledged": lines(commit(4, 9)),
  "bytes that are no line": Buffer.from("anything at all\n\nand more"),
};

test.each(Object.entries(behindTheSeal))(
  "%s behind the seal is neither damage nor a commit, until it is cut off",
  async (_, bytes) => {
    await using folder = await temporaryFolder();
    const sealed = lines(header(), ...range(1, 3).map((sequence) => commit(sequence)));
    await writeSegment(folder.path, header(), Buffer.concat([sealed, bytes]));
    const previous = { segment: formatSegmentName(header()), length: sealed.length };
    const next = header({ epoch: 2, first: 4, previous });
    const replacement = { ...commit(4), time: "2026-03-02T12:00:00.000Z" };
    await writeSegment(folder.path, next, lines(next, replacement));
    const { reading, commits } = await readBack(folder.path);
    expect(reading.findings).toEqual([]);
    expect(reading.lost).toEqual([]);
    expect(reading.watermark).toBe(3);
    expect(commits).toEqual([...range(1, 3).map((sequence) => commit(sequence)), replacement]);
  },
);
