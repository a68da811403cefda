import { compareBytes } from "./compare-bytes.js";
import { corrupt } from "./checked-file.js";
import { KeyBytes, valueEnd } from "./key-bytes.js";
import type { Pack } from "./pack.js";
import type { Pacer } from "./pacer.js";
import { TableCursor } from "./table-cursor.js";
import { TableScan } from "./table-scan.js";
import type { Table } from "./table.js";
import { reportingDamage, type OnProblem } from "./pack-problem.js";

/** Checks the pages of the filter, and every table but that of ids, block by block. */
export async function verifyTables(pack: Pack, onProblem: OnProblem, pacer: Pacer): Promise<void> {
  const { filter, created, expires, order, indexes } = pack.tables;
  await reportingDamage(onProblem, async () => {
    for (let page = 0; page < filter.pages; page += 1) {
      filter.check(page);
      await pacer.pause();
    }
  });
  const listing = order ?? created;
  for (const table of [created, expires, order]) {
    if (table !== undefined) await reportingDamage(onProblem, () => verifyTable(pack, table, undefined, pacer));
  }
  for (const table of indexes) await reportingDamage(onProblem, () => verifyTable(pack, table, listing, pacer));
}

/**
 * @param listing the table whose keys the keys of an index end in.
 * @throws HoldfastError `CORRUPT` for the first thing that is wrong.
 */
async function verifyTable(pack: Pack, table: Table, listing: Table | undefined, pacer: Pacer): Promise<void> {
  const documents = pack.tables.ids.entries;
  const seen = new Uint8Array(documents);
  const previous = new KeyBytes();
  const scan = new TableScan(table);
  const cursor = listing === undefined ? undefined : new TableCursor(listing);
  let entries = 0;
  while (scan.step() || (await scan.load())) {
    const { key, keyLength, ordinal } = scan;
    const wrong = (what: string): Error => corrupt(pack.index.path, table.extent.offset, `has a table ${what}`);
    if (entries > 0 && compareBytes(previous.bytes, 0, previous.length, key, 0, keyLength) >= 0)
      throw wrong("that is out of order");
    previous.clear().appendBytes(key, 0, keyLength);
    if (ordinal >= documents) throw wrong(`that names document ${ordinal} of ${documents}`);
    if (seen[ordinal] === 1) throw wrong(`that names document ${ordinal} twice`);
    seen[ordinal] = 1;
    if (cursor !== undefined) {
      const orderKey = key.subarray(valueEnd(key, 0, keyLength), keyLength);
      const isListed = cursor.find(orderKey, orderKey.length) && cursor.block?.ordinalAt(cursor.index) === ordinal;
      if (!isListed) throw wrong(`that places document ${ordinal} elsewhere than listings do`);
    }
    entries += 1;
    if (pacer.due()) await pacer.pause();
  }
  if (entries !== table.entries) {
    throw corrupt(
      pack.index.path,
      table.extent.offset,
      `has a table of ${entries} entries instead of ${table.entries}`,
    );
  }
}
