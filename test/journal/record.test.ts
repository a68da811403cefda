import fc from "fast-check";
import { expect, test } from "vitest";
import { commitJson, decodeLine, encodeLine, lineBound } from "../../src/journal/record.js";
import { compareSegmentNames, formatSegmentName, parseSegmentName } from "../../src/journal/segment-name.js";
import { commit, header, lines } from "../support/journal-folder.js";

function decode(line: Buffer): ReturnType<typeof decodeLine> {
  return decodeLine(line, 0, line.length - 1);
}

test("a header, a commit and a watermark come back as they went in", () => {
  expect(decode(lines(header()))).toEqual({ kind: "header", header: header() });
  expect(decode(lines(commit(7)))).toEqual({ kind: "commit", commit: commit(7) });
  expect(decode(lines({ durable: 41 }))).toEqual({ kind: "watermark", durable: 41 });
});

test("a line is its checksum, a space, its JSON and a line feed", () => {
  expect(lines({ durable: 41 }).toString()).toBe('d3b65a35 {"durable":41}\n');
});

test("a commit's JSON takes its operations as the text they are, and comes back with all of them", () => {
  const head = { sequence: 3, time: "2026-03-01T12:00:00.000Z", durable: 2 };
  const operation = { delete: "notes", id: "a", revision: 2 };
  const one = commitJson(3, head.time, 2, JSON.stringify(operation), 1);
  expect(JSON.parse(one)).toEqual({ ...head, operation });
  const two = commitJson(3, head.time, 2, `${JSON.stringify(operation)},${JSON.stringify(operation)}`, 2);
  expect(JSON.parse(two)).toEqual({ ...head, operations: [operation, operation] });
  for (const [json, operations] of [[one, [operation]] as const, [two, [operation, operation]] as const])
    expect(decode(lines(JSON.parse(json) as object))).toEqual({ kind: "commit", commit: { ...head, operations } });
});

test("no line has another line feed or a zero byte in it, whatever the body holds", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      const line = lines({ ...commit(1), operations: [{ ...commit(1).operations[0], body }] });
      expect(line.indexOf(0x0a)).toBe(line.length - 1);
      expect(line.indexOf(0)).toBe(-1);
      expect(decode(line)).toMatchObject({ kind: "commit" });
    }),
  );
});

test("every changed bit of a line is noticed", () => {
  const line = lines(commit(12));
  for (let offset = 0; offset < line.length - 1; offset += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = Buffer.from(line);
      changed[offset] = (changed[offset] as number) ^ (1 << bit);
      expect(decode(changed)).toBeUndefined();
    }
  }
});

test("a line with the right checksum that is nothing of ours is no line", () => {
  for (const value of [
    1,
    null,
    [],
    {},
    { durable: "3" },
    { durable: 3, sequence: 1 },
    { durable: 3, sequence: 1, operations: {} },
    { durable: 3, sequence: 1, operation: "delete" },
    { durable: 3, sequence: 1, operation: null },
    { durable: 3, sequence: 1, operation: {}, operations: [] },
  ]) {
    const json = JSON.stringify(value);
    const buffer = Buffer.alloc(lineBound(json));
    expect(decodeLine(buffer, 0, encodeLine(buffer, 0, json) - 1)).toBeUndefined();
  }
  const broken = Buffer.alloc(64);
  expect(decodeLine(broken, 0, encodeLine(broken, 0, "{not json") - 1)).toBeUndefined();
});

test("decoding arbitrary bytes never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      expect(decodeLine(buffer, 0, buffer.length)).toBeUndefined();
    }),
  );
});

test("segment names sort as their numbers do, and come back", () => {
  const number = fc.integer({ min: 0, max: 99_999_999 });
  fc.assert(
    fc.property(number, number, number, number, (epoch, first, otherEpoch, otherFirst) => {
      const name = formatSegmentName({ epoch, first });
      expect(parseSegmentName(name)).toEqual({ epoch, first });
      const order = Math.sign(epoch - otherEpoch || first - otherFirst);
      expect(compareSegmentNames(name, formatSegmentName({ epoch: otherEpoch, first: otherFirst }))).toBe(order);
    }),
  );
});

test("other names are no segments", () => {
  for (const name of [
    "next.0123456789ab.tmp",
    "00000001-0000000000000001.wal.bak",
    "1-1.wal",
    "00000001-0000000000000001",
    "x00000001-0000000000000001.wal",
    "",
  ]) {
    expect(parseSegmentName(name)).toBeUndefined();
  }
});
