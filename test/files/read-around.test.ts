import { closeSync, openSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { partBytes, ReadAround, readsPerTiming } from "../../src/files/read-around.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const parts = 4;
/** The last part is cut off. */
const fileBytes = (parts - 1) * partBytes + 5000;
/** Every read that is timed takes longer than this. */
const anything = -1;

/** Opens a file in which each byte tells the part that it is in. */
async function openedFile() {
  const folder = await temporaryFolder();
  const bytes = Buffer.alloc(fileBytes);
  for (let part = 0; part < parts; part += 1) bytes.fill(part + 1, part * partBytes);
  writeFileSync(folder.at("file"), bytes);
  const descriptor = openSync(folder.at("file"), "r");
  return {
    descriptor,
    async [Symbol.asyncDispose](): Promise<void> {
      closeSync(descriptor);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Reads so often that one of the reads is timed. */
function readTimed(file: ReadAround, position: number, length = 100): void {
  for (let count = 0; count < readsPerTiming; count += 1) {
    const read = Buffer.alloc(length);
    expect(file.readNow(read, 0, length, position)).toBe(length);
    expect(read.every((byte) => byte === Math.floor(position / partBytes) + 1)).toBe(true);
  }
}

test("a slow read has its part of the file read, one part at a time, and each once", async () => {
  await using opened = await openedFile();
  const file = new ReadAround(opened.descriptor, anything);
  readTimed(file, partBytes + 70);
  expect([...file.parts]).toEqual([1]);
  readTimed(file, 0);
  expect([...file.parts]).toEqual([1]);
  await file.settled();
  readTimed(file, 2 * partBytes - 100);
  expect([...file.parts]).toEqual([1]);
  for (const position of [0, 2 * partBytes, fileBytes - 200]) {
    readTimed(file, position);
    await file.settled();
  }
  expect([...file.parts]).toEqual([1, 0, 2, 3]);
});

test("one file waits for another", async () => {
  await using opened = await openedFile();
  const file = new ReadAround(opened.descriptor, anything);
  const other = new ReadAround(opened.descriptor, anything);
  readTimed(file, 0);
  readTimed(other, 0);
  expect(other.parts.size).toBe(0);
  await file.settled();
  readTimed(other, 0);
  expect(other.parts.size).toBe(1);
  await other.settled();
});

test("quick reads, and long ones, have nothing read", async () => {
  await using opened = await openedFile();
  const quick = new ReadAround(opened.descriptor, Number.POSITIVE_INFINITY);
  readTimed(quick, 0);
  expect(quick.parts.size).toBe(0);
  const long = new ReadAround(opened.descriptor, anything);
  readTimed(long, 0, 64 * 1024);
  expect(long.parts.size).toBe(0);
});

test("what can not be read throws, and has nothing read", async () => {
  await using folder = await temporaryFolder();
  // Of a folder, the system says what it is, and reads nothing.
  const descriptor = openSync(folder.path, "r");
  const file = new ReadAround(descriptor, anything);
  for (let count = 0; count < readsPerTiming; count += 1)
    expect(() => file.readNow(Buffer.alloc(10), 0, 10, 0)).toThrow(expect.objectContaining({ code: "EISDIR" }));
  expect(file.parts.size).toBe(0);
  closeSync(descriptor);
});
