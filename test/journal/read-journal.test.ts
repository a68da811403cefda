import { cp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JournalFinding } from "../../src/journal/read-journal.js";
import { countedReads } from "../support/counted-reads.js";
import { overlaidFiles } from "../support/overlaid-files.js";
import { rejectionOf } from "../support/rejection.js";
import { flipByteWithin } from "../support/flip-byte.js";
import {
  commit,
  header,
  lines,
  range,
  readBack,
  segmentsOf,
  storeId,
  writeSegment,
} from "../support/journal-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";

function kinds(findings: readonly JournalFinding[]): string[] {
  return findings.map(({ kind, segment }) => `${kind} ${segment}`);
}

/** Three segments of one owner: 1 to 3, 4 to 6, and 7 to 9, which ends with a watermark. */
async function threeSegments(directory: string, padding = 0): Promise<[string, string, string]> {
  const padded = (sequence: number): object => ({
    ...commit(sequence),
    ...(padding === 0 ? {} : { padding: "x".repeat(padding) }),
  });
  const first = lines(header(), ...range(1, 3).map(padded));
  const one = await writeSegment(directory, header(), first);
  const secondHeader = header({ first: 4, previous: { segment: one, length: first.length } });
  const second = lines(secondHeader, ...range(4, 6).map(padded));
  const two = await writeSegment(directory, secondHeader, second);
  const thirdHeader = header({ first: 7, previous: { segment: two, length: second.length } });
  const third = lines(thirdHeader, ...range(7, 9).map(padded), { durable: 9 });
  return [one, two, await writeSegment(directory, thirdHeader, Buffer.concat([third, Buffer.alloc(1_000)]))];
}

describe("a journal in order", () => {
  test("is read from its beginning to its end", async () => {
    await using folder = await temporaryFolder();
    const names = await threeSegments(folder.path);
    const { reading, commits } = await readBack(folder.path);
    expect(commits).toEqual(range(1, 9).map((sequence) => commit(sequence)));
    expect(reading).toMatchObject({ segments: names, lastSequence: 9, watermark: 9, findings: [], lost: [], storeId });
    expect(reading.previous?.segment).toBe(names[2]);
  });

  test("is read above a sequence number, and only where it must be", async () => {
    await using folder = await temporaryFolder();
    const [one] = await threeSegments(folder.path);
    // Nobody looks into a segment that lies below.
    await writeFile(join(folder.path, one), "not looked at");
    expect((await readBack(folder.path, { above: 3 })).sequences).toEqual(range(4, 9));
    expect((await readBack(folder.path, { above: 5 })).sequences).toEqual(range(6, 9));
    expect((await readBack(folder.path, { above: 9 })).sequences).toEqual([]);
    expect((await readBack(folder.path, { above: 3, until: 5 })).sequences).toEqual([4, 5, 6]);
  });

  test("tells the store it belongs to when nobody knows", async () => {
    await using folder = await temporaryFolder();
    await threeSegments(folder.path);
    expect((await readBack(folder.path, { storeId: undefined })).reading.storeId).toBe(storeId);
  });

  test("of a newer format is refused, naming the file", async () => {
    await using folder = await temporaryFolder();
    const newer = header({ format: 2 });
    const name = await writeSegment(folder.path, newer, lines(newer));
    const error = await rejectionOf(readBack(folder.path));
    expect(error).toMatchObject({ code: "UNSUPPORTED_FORMAT", details: { path: folder.at(name), format: 2 } });
  });
});

describe("damage", () => {
  test("covered by a watermark is named, and the rest applied", async () => {
    await using folder = await temporaryFolder();
    const [, , three] = await threeSegments(folder.path);
    await flipByteWithin(folder.at(three), '"note 8"');
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual([...range(1, 7), 9]);
    expect(reading.lost).toEqual([{ first: 8, last: 8 }]);
    expect(kinds(reading.findings)).toEqual([`damage ${three}`, `missing ${three}`]);
    expect(reading.lastSequence).toBe(9);
  });

  test("of the last commit is damage too, if a watermark line covers it", async () => {
    await using folder = await temporaryFolder();
    const [, , three] = await threeSegments(folder.path);
    await flipByteWithin(folder.at(three), '"note 9"');
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual(range(1, 8));
    expect(reading.lost).toEqual([{ first: 9, last: 9 }]);
    expect(reading.lastSequence).toBe(9);
  });

  test("of the last commit is damage, if a checkpoint covers it", async () => {
    await using folder = await temporaryFolder();
    const name = await writeSegment(folder.path, header(), lines(header(), commit(1), commit(2), commit(3)));
    await flipByteWithin(folder.at(name), '"note 3"');
    expect(kinds((await readBack(folder.path)).reading.findings)).toEqual([`torn ${name}`]);
    const { reading } = await readBack(folder.path, { above: 3 });
    expect(kinds(reading.findings)).toEqual([`damage ${name}`]);
    expect(reading.lost).toEqual([]);
  });

  test("in a sealed segment is damage even at its end", async () => {
    await using folder = await temporaryFolder();
    const [one] = await threeSegments(folder.path);
    await flipByteWithin(folder.at(one), '"note 3"');
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual([1, 2, ...range(4, 9)]);
    expect(reading.lost).toEqual([{ first: 3, last: 3 }]);
    expect(reading.findings.every(({ kind }) => kind !== "torn")).toBe(true);
  });

  test("anywhere in a byte: what is not applied is named as lost or torn, and nothing is made up", async () => {
    await using folder = await temporaryFolder();
    const [one, two, three] = await threeSegments(folder.path);
    const written = new Map(range(1, 9).map((sequence) => [sequence, JSON.stringify(commit(sequence))]));
    const files = await segmentsOf(folder.path);
    for (const name of [one, two, three]) {
      const bytes = files.get(name) as Buffer;
      const content = bytes.findLastIndex((byte) => byte !== 0) + 1;
      for (let offset = 0; offset < content; offset += 1) {
        const changed = Buffer.from(bytes);
        changed[offset] = (changed[offset] as number) ^ (offset % 2 === 0 ? 0x01 : 0x80);
        const fileSystem = overlaidFiles(
          new Map([...files].map(([file, whole]) => [folder.at(file), file === name ? changed : whole])),
        );
        const { reading, commits } = await readBack(folder.path, { fileSystem });
        for (const found of commits) expect(JSON.stringify(found)).toBe(written.get(found.sequence));
        const accounted = [
          ...commits.map(({ sequence }) => sequence),
          ...reading.lost.flatMap(({ first, last }) => range(first, last)),
        ];
        expect(accounted.sort((left, right) => left - right)).toEqual(range(1, 9));
        expect(reading.findings.length, `${name} at ${offset}`).toBeGreaterThan(0);
      }
    }
  });

  test("of a line feed costs no commit", async () => {
    await using folder = await temporaryFolder();
    const [one, , three] = await threeSegments(folder.path);
    for (const name of [one, three]) {
      const bytes = (await segmentsOf(folder.path)).get(name) as Buffer;
      for (let offset = bytes.indexOf("\n"); offset >= 0; offset = bytes.indexOf("\n", offset + 1)) {
        const changed = Buffer.from(bytes);
        changed[offset] = 0x0b;
        const fileSystem = overlaidFiles(new Map([[folder.at(name), changed]]));
        const { reading, sequences } = await readBack(folder.path, { fileSystem });
        if (bytes.includes("\n", offset + 1)) {
          expect(sequences).toEqual(range(1, 9));
          expect(reading.findings).toMatchObject([
            { kind: "damage", segment: name, offset, bytes: Buffer.from([0x0b]) },
          ]);
        }
      }
    }
  });

  test("of a header costs no commit", async () => {
    await using folder = await temporaryFolder();
    for (const name of await threeSegments(folder.path)) {
      const bytes = (await segmentsOf(folder.path)).get(name) as Buffer;
      await flipByteWithin(folder.at(name), '"storeId"');
      const { reading, sequences } = await readBack(folder.path);
      expect(sequences).toEqual(range(1, 9));
      expect(kinds(reading.findings)).toEqual([`damage ${name}`]);
      expect(reading.lost).toEqual([]);
      await writeFile(folder.at(name), bytes);
    }
  });

  test("of a header does not bring back what a fenced owner wrote behind the seal", async () => {
    await using folder = await temporaryFolder();
    const sealed = lines(header(), commit(1), commit(2));
    const one = await writeSegment(
      folder.path,
      header(),
      Buffer.concat([sealed, lines({ ...commit(3, 2), operations: [] })]),
    );
    const next = header({ epoch: 2, first: 3, previous: { segment: one, length: sealed.length } });
    const two = await writeSegment(folder.path, next, lines(next, commit(3, 2), { durable: 3 }));
    await flipByteWithin(folder.at(two), '"storeId"');
    const { commits, reading } = await readBack(folder.path);
    expect(commits).toEqual([commit(1), commit(2), commit(3, 2)]);
    expect(reading.lost).toEqual([]);
  });

  test("that cuts a sealed segment short is named", async () => {
    await using folder = await temporaryFolder();
    const [, two] = await threeSegments(folder.path);
    const length = lines(header({ first: 4, previous: { segment: two, length: 1_000 } })).length;
    await truncate(folder.at(two), length + 30);
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual([...range(1, 3), ...range(7, 9)]);
    expect(reading.lost).toEqual([{ first: 4, last: 6 }]);
  });

  test("that empties a file is named, whichever it is", async () => {
    await using folder = await temporaryFolder();
    for (const name of await threeSegments(folder.path)) {
      const bytes = (await segmentsOf(folder.path)).get(name) as Buffer;
      for (const emptied of [Buffer.alloc(0), Buffer.alloc(bytes.length)]) {
        await writeFile(folder.at(name), emptied);
        const { reading, sequences } = await readBack(folder.path);
        expect(kinds(reading.findings)).toContain(`damage ${name}`);
        expect(sequences.length).toBe(6);
      }
      await writeFile(folder.at(name), bytes);
    }
  });
});

describe("segments that are not needed", () => {
  test("are measured if that is asked for, and their damage costs nothing", async () => {
    await using folder = await temporaryFolder();
    const [one, two] = await threeSegments(folder.path);
    const whole = (await readBack(folder.path, { above: 7, measureAll: true })).reading;
    expect(whole.findings).toEqual([]);
    expect(whole.unread).toEqual([
      { segment: one, sealed: expect.any(Number) as number },
      { segment: two, sealed: expect.any(Number) as number },
    ]);
    await flipByteWithin(folder.at(one), '"note 2"');
    await truncate(folder.at(two), 300);
    expect((await readBack(folder.path, { above: 7 })).reading.findings).toEqual([]);
    const { reading, sequences } = await readBack(folder.path, { above: 7, measureAll: true });
    expect(sequences).toEqual([8, 9]);
    expect(reading.lost).toEqual([]);
    expect(kinds(reading.findings)).toEqual([`damage ${two}`]);
    await writeFile(folder.at(two), "");
    const emptied = (await readBack(folder.path, { above: 7, measureAll: true })).reading;
    expect(kinds(emptied.findings)).toEqual([`damage ${two}`]);
  });

  test("are not read but for their headers, however long they are", async () => {
    await using folder = await temporaryFolder();
    const names = await threeSegments(folder.path, 50_000);
    const disk = countedReads();
    const { sequences } = await readBack(folder.path, { above: 7, measureAll: true, fileSystem: disk.fileSystem });
    expect(sequences).toEqual([8, 9]);
    for (const name of names.slice(0, 2)) expect(disk.bytesRead(new RegExp(name))).toBeLessThanOrEqual(4096);
    expect(disk.bytesRead(new RegExp(names[2]))).toBeGreaterThan(100_000);
  });
});

describe("whole files", () => {
  test("a missing segment is a loss of its numbers", async () => {
    await using folder = await temporaryFolder();
    const [, two, three] = await threeSegments(folder.path);
    await rm(folder.at(two));
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual([...range(1, 3), ...range(7, 9)]);
    expect(reading.lost).toEqual([{ first: 4, last: 6 }]);
    expect(kinds(reading.findings)).toEqual([`missing ${three}`]);
  });

  test("a segment missing right above what is known elsewhere is a loss too", async () => {
    await using folder = await temporaryFolder();
    const [one] = await threeSegments(folder.path);
    await rm(folder.at(one));
    const { reading, sequences } = await readBack(folder.path, { above: 1 });
    expect(sequences).toEqual(range(4, 9));
    expect(reading.lost).toEqual([{ first: 2, last: 3 }]);
  });

  test("a segment of another store is foreign", async () => {
    await using folder = await temporaryFolder();
    const names = await threeSegments(folder.path);
    const other = header({ storeId: "another", epoch: 7, first: 1 });
    const foreign = await writeSegment(folder.path, other, lines(other, commit(1), commit(2)));
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual(range(1, 9));
    expect(kinds(reading.findings)).toEqual([`foreign ${foreign}`]);
    expect(reading.segments).toEqual(names);
  });

  test("a segment of an owner that had lost the directory is no part of the journal", async () => {
    await using folder = await temporaryFolder();
    const first = lines(header(), commit(1), commit(2));
    const one = await writeSegment(folder.path, header(), first);
    // The fenced owner of epoch 1 rotated after epoch 2 had taken over.
    const strayHeader = header({ first: 3, previous: { segment: one, length: first.length } });
    const stray = await writeSegment(folder.path, strayHeader, lines(strayHeader, { ...commit(3, 2), operations: [] }));
    const next = header({ epoch: 2, first: 3, previous: { segment: one, length: first.length } });
    const two = await writeSegment(folder.path, next, lines(next, commit(3, 2)));
    const { reading, commits } = await readBack(folder.path);
    expect(commits).toEqual([commit(1), commit(2), commit(3, 2)]);
    expect(reading.segments).toEqual([one, two]);
    expect(kinds(reading.findings)).toEqual([`foreign ${stray}`]);
  });

  test("what an owner wrote behind the seal was never acknowledged", async () => {
    await using folder = await temporaryFolder();
    const sealed = lines(header(), commit(1));
    const one = await writeSegment(
      folder.path,
      header(),
      Buffer.concat([sealed, lines(commit(2)), Buffer.from("half a li")]),
    );
    const next = header({ epoch: 2, first: 2, previous: { segment: one, length: sealed.length } });
    await writeSegment(folder.path, next, lines(next, { ...commit(2, 1), operations: [] }));
    const { reading, commits } = await readBack(folder.path);
    expect(commits).toEqual([commit(1), { ...commit(2, 1), operations: [] }]);
    expect(reading.findings).toEqual([]);
  });

  test("a duplicate under another name is foreign, and hides nothing", async () => {
    await using folder = await temporaryFolder();
    const [one, two, three] = await threeSegments(folder.path);
    for (const name of ["00000001-0000000000000002.wal", "00000009-0000000000000001.wal"]) {
      await cp(folder.at(one), folder.at(name));
      const { reading, sequences } = await readBack(folder.path);
      expect(sequences).toEqual(range(1, 9));
      expect(reading.segments).toEqual([one, two, three]);
      expect(kinds(reading.findings)).toEqual([`foreign ${name}`]);
      await rm(folder.at(name));
    }
  });

  test("a renamed segment is foreign, and its numbers are missing", async () => {
    await using folder = await temporaryFolder();
    const [, two] = await threeSegments(folder.path);
    await rename(folder.at(two), folder.at("00000001-0000000000000005.wal"));
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual([...range(1, 3), ...range(7, 9)]);
    expect(reading.lost).toEqual([{ first: 4, last: 6 }]);
  });

  test("other files are passed over", async () => {
    await using folder = await temporaryFolder();
    await threeSegments(folder.path);
    await writeFile(folder.at("notes.txt"), "mine");
    await writeFile(folder.at("next.0123456789ab.tmp"), Buffer.alloc(100));
    expect((await readBack(folder.path)).reading.findings).toEqual([]);
  });
});
