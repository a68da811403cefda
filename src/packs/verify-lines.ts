import { isHoldfastError } from "../errors.js";
import type { EncodedDocument } from "../documents/envelope.js";
import type { Block } from "./block.js";
import { compareBytes } from "./compare-bytes.js";
import { hashOfId } from "./id-filter.js";
import { storableExpiry } from "./id-payload.js";
import { KeyBytes, readText } from "./key-bytes.js";
import { appendCreationKey } from "./order-key.js";
import type { Pack } from "./pack.js";
import { PackedPlace } from "./packed-place.js";
import type { Pacer } from "./pacer.js";
import { TableCursor } from "./table-cursor.js";
import { TableScan } from "./table-scan.js";
import type { Table } from "./table.js";
import type { OnProblem } from "./pack-problem.js";
import { Window } from "./window.js";

const windowBytes = 256 * 1024;

/**
 * Checks each entry of the table of ids, the line it means, and what the filter, the order of creation and the expiries
 * say of the document.
 *
 * @throws HoldfastError `CORRUPT` if the table of ids itself is damaged: then the rest of it can not be checked.
 */
export async function verifyLines(pack: Pack, onProblem: OnProblem, pacer: Pacer): Promise<void> {
  const ids = new TableScan(pack.tables.ids);
  const window = new Window(pack.lines, windowBytes, "stay");
  const previous = new KeyBytes();
  const lookUps = new LookUps(pack, onProblem);
  let end = 0;
  while (ids.step() || (await ids.load())) {
    const place = new PackedPlace(ids.block as Block, ids.index, readText(ids.key, 0, ids.keyLength));
    const report = (detail: string): void => {
      onProblem({ offset: place.offset, id: place.id, detail });
    };
    if (place.ordinal > 0 && compareBytes(previous.bytes, 0, previous.length, ids.key, 0, ids.keyLength) >= 0)
      report("its entry is out of order");
    previous.clear().appendBytes(ids.key, 0, ids.keyLength);
    if (place.offset !== end) report(`its line begins at ${place.offset} instead of ${end}`);
    end = place.offset + place.length;
    const document = await lineOf(pack, window, place, report);
    lookUps.check(ids, place, document, report);
    if (pacer.due()) await pacer.pause();
  }
  if (end !== pack.summary.packBytes) {
    const detail = `the lines that the index knows end at ${end}, the pack at ${pack.summary.packBytes}`;
    onProblem({ offset: end, id: undefined, detail });
  }
  lookUps.checkCounts();
}

async function lineOf(
  pack: Pack,
  window: Window,
  place: PackedPlace,
  report: (detail: string) => void,
): Promise<EncodedDocument | undefined> {
  try {
    if (!window.has(place.offset, place.length)) await window.move(place.offset, place.length, pack.summary.packBytes);
    const document = pack.decode(place, window.part(place.offset, place.length));
    const { expiresAt } = document.envelope;
    const expiresAtMs = storableExpiry(expiresAt === undefined ? Infinity : Date.parse(expiresAt));
    if (expiresAtMs !== place.expiresAtMs) report("its entry has another time of expiry than its line");
    return document;
  } catch (error) {
    if (!isHoldfastError(error, "CORRUPT")) throw error;
    report(error.message);
    return undefined;
  }
}

/** Looks documents up in the tables that say of each of them where it is. One that is damaged is reported once. */
class LookUps {
  readonly #pack: Pack;
  readonly #onProblem: OnProblem;
  readonly #key = new KeyBytes();
  readonly #damaged = new Set<string>();
  #documents = 0;
  #tombstones = 0;
  #expiring = 0;

  constructor(pack: Pack, onProblem: OnProblem) {
    this.#pack = pack;
    this.#onProblem = onProblem;
  }

  check(
    ids: TableScan,
    place: PackedPlace,
    document: EncodedDocument | undefined,
    report: (detail: string) => void,
  ): void {
    const { created, expires, filter } = this.#pack.tables;
    const { ordinal } = place;
    this.#unlessDamaged("filter", () => {
      if (!filter.mayHold(hashOfId(ids.key, ids.keyLength))) report("the filter of ids does not know it");
    });
    if (place.deleted) {
      this.#tombstones += 1;
      return;
    }
    this.#documents += 1;
    if (place.expiresAtMs !== Infinity) {
      this.#expiring += 1;
      const key = this.#key.clear().appendUint48(place.expiresAtMs).appendUint32(ordinal);
      this.#unlessDamaged("expires", () => {
        if (!new TableCursor(expires).find(key.bytes, key.length))
          report("it is missing where documents stand by their expiry");
      });
    }
    if (document === undefined) return;
    const { createdSequence, createdIndex } = document.envelope;
    const key = appendCreationKey(this.#key.clear(), createdSequence, createdIndex);
    this.#unlessDamaged("created", () => {
      if (!isAt(created, key, ordinal)) report("it is missing where documents stand in the order of creation");
    });
  }

  checkCounts(): void {
    const { summary, tables, index } = this.#pack;
    const counts = [
      ["documents", summary.documents, this.#documents],
      ["tombstones", summary.tombstones, this.#tombstones],
      ["entries in the order of creation", tables.created.entries, this.#documents],
      ["entries in the declared order", tables.order?.entries ?? this.#documents, this.#documents],
      ["entries by expiry", tables.expires.entries, this.#expiring],
    ] as const;
    for (const [what, found, expected] of counts) {
      if (found === expected) continue;
      this.#onProblem({
        offset: 0,
        id: undefined,
        detail: `${index.path} has ${found} ${what} instead of ${expected}`,
      });
    }
  }

  #unlessDamaged(table: string, check: () => void): void {
    if (this.#damaged.has(table)) return;
    try {
      check();
    } catch (error) {
      // What is damaged of a table is told when its blocks are read one after the other.
      if (!isHoldfastError(error, "CORRUPT")) throw error;
      this.#damaged.add(table);
    }
  }
}

function isAt(table: Table, key: KeyBytes, ordinal: number): boolean {
  const cursor = new TableCursor(table);
  return cursor.find(key.bytes, key.length) && cursor.block?.ordinalAt(cursor.index) === ordinal;
}
