import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { crc32 } from "node:zlib";
import { Documents, type DocumentsPlan } from "../documents.js";
import type { Figures } from "../figures.js";
import { quantile } from "../statistics.js";

export interface LimitsPlan extends DocumentsPlan {
  readonly directory: string;
  /** How many flushes are timed. */
  readonly flushes: number;
}

const blockBytes = 4096;
/** About what the batches of many writers come to. */
const largeBytes = 64 * 1024;
const computations = 20_000;

/**
 * What no store on this machine gets below: a flush of the device, the serialisation of a document, its checksum; all in
 * milliseconds.
 */
export function limits(plan: LimitsPlan): Promise<Figures> {
  const path = join(plan.directory, "preallocated");
  preallocate(path, plan.flushes * blockBytes + largeBytes);
  const synced = openSync(path, constants.O_WRONLY | constants.O_DSYNC);
  const withFlag = timed(plan.flushes, (index) =>
    writeSync(synced, block(index, blockBytes), 0, blockBytes, index * blockBytes),
  );
  const large = timed(plan.flushes, (index) =>
    writeSync(synced, block(index, largeBytes), 0, largeBytes, index * blockBytes),
  );
  closeSync(synced);
  const plain = openSync(path, constants.O_WRONLY);
  const withCall = timed(plan.flushes, (index) => {
    writeSync(plain, block(index, blockBytes), 0, blockBytes, index * blockBytes);
    fdatasyncSync(plain);
  });
  closeSync(plain);

  const documents = new Documents(plan);
  const bodies = Array.from({ length: 256 }, (_, index) => documents.bodyAt(index));
  const texts = bodies.map((body) => Buffer.from(JSON.stringify(body)));
  let used = 0;
  const perCall = (work: (index: number) => number): number => {
    for (let index = 0; index < computations; index += 1) used += work(index % bodies.length);
    const begin = performance.now();
    for (let index = 0; index < computations; index += 1) used += work(index % bodies.length);
    return (performance.now() - begin) / computations;
  };
  const stringify = perCall((index) => JSON.stringify(bodies[index]).length);
  const checksum = perCall((index) => crc32(texts[index] ?? Buffer.alloc(0)));
  const parse = perCall((index) => Object.keys(JSON.parse(texts[index]?.toString() ?? "") as object).length);
  // The sums must be asked for, or the engine may leave the work out.
  if (!Number.isFinite(used)) throw new Error("The computations did not take place.");
  return Promise.resolve({
    flushP50: quantile(withFlag, 0.5),
    flushP99: quantile(withFlag, 0.99),
    largeFlushP50: quantile(large, 0.5),
    fdatasyncP50: quantile(withCall, 0.5),
    fdatasyncP99: quantile(withCall, 0.99),
    stringify,
    checksum,
    parse,
  });
}

/** With real bytes, synced: a write in it changes no metadata of the file. */
function preallocate(path: string, bytes: number): void {
  const file = openSync(path, "wx");
  const zeros = Buffer.alloc(1024 * 1024);
  for (let written = 0; written < bytes;) {
    written += writeSync(file, zeros, 0, Math.min(zeros.length, bytes - written));
  }
  fsyncSync(file);
  closeSync(file);
}

function block(index: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, 32 + (index % 90));
}

/** Milliseconds of each call. */
function timed(count: number, work: (index: number) => void): number[] {
  return Array.from({ length: count }, (_, index) => {
    const begin = performance.now();
    work(index);
    return performance.now() - begin;
  });
}
