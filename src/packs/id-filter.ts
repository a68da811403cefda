import type { CachedPiece, ClockCache } from "./clock-cache.js";
import { checksumBytes, pieceChecksum, readPieceNow, type ReadableFile } from "./checked-file.js";
import { IndexPiece } from "./index-piece.js";

/**
 * A Bloom filter over the ids of a pack, so that a search for what is in another pack reads nothing here. It is made of
 * pages, and an id has all its bits in one of them: only pages that are asked for are read.
 */
export const pageBytes = 4096;
const bitsPerPage = (pageBytes - checksumBytes) * 8;
const bitsPerId = 10;
/** The number of bits for an id that is best at ten bits of room: one in a hundred absent ids is taken for present. */
const probes = 7;

/** Spreads an id's bytes over 32 bits. Below ten million ids, those that share all of them do not matter. */
export function hashOfId(bytes: Buffer, length: number): number {
  let hash = 0x811c_9dc5 ^ length;
  for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x0100_0193);
  return mixed(hash);
}

function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85eb_ca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function pageOf(hash: number, pages: number): number {
  return Math.floor((hash / 0x1_0000_0000) * pages);
}

/** Hashes of ids, four bytes each, until it is known how many there are. */
export class IdHashes {
  #hashes = new Uint32Array(1024);
  #count = 0;

  add(hash: number): void {
    if (this.#count === this.#hashes.length) {
      const larger = new Uint32Array(this.#count * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#count] = hash;
    this.#count += 1;
  }

  /** @param position where in the file the filter will stand. */
  filter(position: number): { readonly bytes: Buffer; readonly pages: number } {
    const pages = Math.ceil((this.#count * bitsPerId) / bitsPerPage);
    const bytes = Buffer.alloc(pages * pageBytes);
    for (let index = 0; index < this.#count; index += 1) {
      const hash = this.#hashes[index] as number;
      const page = pageOf(hash, pages) * pageBytes + checksumBytes;
      const step = stepOf(hash);
      for (let probe = 0, bit = mixed(hash ^ 0x9e37_79b9); probe < probes; probe += 1, bit = (bit + step) >>> 0) {
        const place = bit % bitsPerPage;
        const at = page + (place >>> 3);
        bytes[at] = (bytes[at] as number) | (1 << (place & 7));
      }
    }
    for (let page = 0; page < pages; page += 1) {
      const piece = bytes.subarray(page * pageBytes, (page + 1) * pageBytes);
      piece.writeUInt32BE(pieceChecksum(piece, position + page * pageBytes), 0);
    }
    return { bytes, pages };
  }
}

/** How far an id's bits lie apart; odd, so that they do not fall together. */
function stepOf(hash: number): number {
  return (mixed(hash ^ 0x7f4a_7c15) | 1) >>> 0;
}

class FilterPage extends IndexPiece {
  readonly bytes: Buffer;
  readonly weight: number;

  constructor(home: (CachedPiece | undefined)[], number: number, bytes: Buffer) {
    super(home, number);
    this.bytes = bytes;
    this.weight = bytes.length + 200;
  }
}

export class IdFilter {
  readonly #file: ReadableFile;
  readonly #cache: ClockCache;
  readonly #offset: number;
  readonly #pages: number;
  readonly #slots: (CachedPiece | undefined)[] = [];

  constructor(file: ReadableFile, cache: ClockCache, extent: { readonly offset: number; readonly pages: number }) {
    this.#file = file;
    this.#cache = cache;
    this.#offset = extent.offset;
    this.#pages = extent.pages;
  }

  /**
   * @returns false if the pack has no such id; true if it may have one.
   * @throws HoldfastError `CORRUPT`, `STORAGE_FAILED`
   */
  mayHold(hash: number): boolean {
    if (this.#pages === 0) return false;
    const { bytes } = this.#page(pageOf(hash, this.#pages));
    const step = stepOf(hash);
    for (let probe = 0, bit = mixed(hash ^ 0x9e37_79b9); probe < probes; probe += 1, bit = (bit + step) >>> 0) {
      const place = bit % bitsPerPage;
      if (((bytes[checksumBytes + (place >>> 3)] as number) & (1 << (place & 7))) === 0) return false;
    }
    return true;
  }

  /** Reads every page, and so finds out whether they are whole. */
  check(number: number): void {
    readPieceNow(this.#file, this.#offset + number * pageBytes, pageBytes);
  }

  get pages(): number {
    return this.#pages;
  }

  forget(): void {
    this.#cache.drop(this.#slots);
  }

  #page(number: number): FilterPage {
    const kept = this.#slots[number] as FilterPage | undefined;
    if (kept !== undefined) {
      kept.recent = true;
      return kept;
    }
    const bytes = readPieceNow(this.#file, this.#offset + number * pageBytes, pageBytes);
    const page = new FilterPage(this.#slots, number, bytes);
    this.#cache.keep(page);
    return page;
  }
}
