import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HoldfastError } from "../../src/errors.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import {
  JournalWriter,
  type JournalEntry,
  type JournalListener,
  type JournalOptions,
} from "../../src/journal/journal-writer.js";
import { readJournal, type JournalReading, type ReadJournalOptions } from "../../src/journal/read-journal.js";
import { encodeLine, lineBound, type CommitRecord, type SegmentHeader } from "../../src/journal/record.js";
import { formatSegmentName } from "../../src/journal/segment-name.js";

export const storeId = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
export const time = "2026-03-01T12:00:00.000Z";

/** A commit of one document, `padding` bytes longer than it must be. */
export function entry(sequence: number, padding = 0): JournalEntry {
  const body = JSON.stringify({ text: `note ${sequence}`, padding: "x".repeat(padding) });
  const operations =
    `{"put":"notes","id":"note_${sequence}","revision":1,"schemaVersion":1,"createdAt":"${time}",` +
    `"createdSequence":${sequence},"createdIndex":0,"body":${body}}`;
  return { sequence, time, operations, count: 1, deletesOnly: false };
}

export function deletion(sequence: number): JournalEntry {
  const operations = `{"delete":"notes","id":"note_${sequence}","revision":2}`;
  return { sequence, time, operations, count: 1, deletesOnly: true };
}

export function header(members: Partial<SegmentHeader> = {}): SegmentHeader {
  return { format: 1, storeId, epoch: 1, first: 1, previous: null, ...members };
}

/** A commit as it is read back. */
export function commit(sequence: number, durable = sequence - 1): CommitRecord {
  return {
    sequence,
    time,
    durable,
    operations: JSON.parse(`[${entry(sequence).operations}]`) as CommitRecord["operations"],
  };
}

/** Encodes lines one after another. */
export function lines(...values: readonly object[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const json = JSON.stringify(value);
      const buffer = Buffer.alloc(lineBound(json));
      return buffer.subarray(0, encodeLine(buffer, 0, json));
    }),
  );
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Writes a segment as it would stand on disk. @returns its name. */
export async function writeSegment(directory: string, { epoch, first }: SegmentHeader, bytes: Buffer): Promise<string> {
  await mkdir(directory, { recursive: true });
  const name = formatSegmentName({ epoch, first });
  await writeFile(join(directory, name), bytes);
  return name;
}

export interface ReadBack {
  readonly reading: JournalReading;
  readonly commits: readonly CommitRecord[];
  readonly sequences: readonly number[];
}

export async function readBack(directory: string, options: Partial<ReadJournalOptions> = {}): Promise<ReadBack> {
  const commits: CommitRecord[] = [];
  const reading = await readJournal({
    fileSystem: nodeFileSystem,
    directory,
    storeId,
    above: undefined,
    apply: (read) => commits.push(read),
    ...options,
  });
  return { reading, commits, sequences: commits.map(({ sequence }) => sequence) };
}

/** What a writer told, in order. */
export class ToldListener implements JournalListener {
  readonly told: string[] = [];
  durableUpTo = 0;
  error: HoldfastError | undefined;

  durable(sequence: number): void {
    this.durableUpTo = sequence;
    this.told.push(`durable ${sequence}`);
  }

  refused(error: HoldfastError): void {
    this.error = error;
    this.told.push(`refused ${error.code}`);
  }

  full(error: HoldfastError): void {
    this.error = error;
    this.told.push("full");
  }

  resumed(): void {
    this.told.push("resumed");
  }

  failed(error: HoldfastError): void {
    this.error = error;
    this.told.push(`failed ${error.code}`);
  }
}

export interface OpenedWriter {
  readonly writer: JournalWriter;
  readonly listener: ToldListener;
}

export async function openWriter(directory: string, options: Partial<JournalOptions> = {}): Promise<OpenedWriter> {
  await mkdir(directory, { recursive: true });
  const listener = new ToldListener();
  const writer = await JournalWriter.open(
    {
      fileSystem: nodeFileSystem,
      directory,
      storeId,
      epoch: 1,
      previous: null,
      lastSequence: 0,
      checkFence: () => undefined,
      firstSegmentBytes: 16 * 1024,
      segmentBytes: 16 * 1024,
      reserveBytes: 1024,
      ...options,
    },
    listener,
  );
  return { writer, listener };
}

/** The bytes of every segment, by name. */
export async function segmentsOf(directory: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".wal")).sort();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)));
}
