import type { IndexValue } from "../../src/collections/index.js";
import { encodeDocument, type EncodedDocument } from "../../src/documents/envelope.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import {
  ClockCache,
  creationKey,
  declaredKey,
  Pack,
  writePack,
  type PackColumns,
  type PackEntry,
  type PackSummary,
  type PackTarget,
} from "../../src/packs/index.js";

/** A document as a test thinks of it. */
export interface ModelDocument {
  readonly id: string;
  readonly sequence: number;
  readonly createdSequence: number;
  readonly createdIndex: number;
  readonly expiresAtMs: number;
  readonly schemaVersion: number;
  readonly deleted: boolean;
  readonly keys: readonly (IndexValue | undefined)[];
}

export const storeId = "store-1";
export const collection = "notes";
export const twoIndexesAndOrder: PackColumns = { schemaVersion: 3, indexes: ["a", "b"], order: "c" };
export const twoIndexes: PackColumns = { schemaVersion: 3, indexes: ["a", "b"], order: null };
export const noColumns: PackColumns = { schemaVersion: null, indexes: [], order: null };

export function lineOf(document: ModelDocument, filling = ""): Buffer {
  const { id, schemaVersion, sequence, createdSequence, createdIndex, expiresAtMs, deleted } = document;
  const values = document.keys.map((value) => value ?? null);
  return encodeDocument(
    {
      kind: collection,
      schemaVersion,
      id,
      revision: 1,
      sequence,
      createdAt: "2026-03-01T12:00:00.000Z",
      createdSequence,
      createdIndex,
      updatedAt: "2026-03-01T12:00:00.000Z",
      ...(expiresAtMs === Infinity ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
      ...(deleted ? { deleted } : {}),
    },
    deleted ? "null" : JSON.stringify({ values, filling }),
  );
}

/** What {@link lineOf} put into the body. */
export function keysOf({ body }: EncodedDocument): PackEntry["keys"] {
  const { values } = JSON.parse(body) as { values: (IndexValue | null)[] };
  return values.map((value) => value ?? undefined);
}

export function entryOf(document: ModelDocument, filling = ""): PackEntry {
  return { ...document, line: lineOf(document, filling) };
}

export function byId(left: ModelDocument, right: ModelDocument): number {
  return left.id < right.id ? -1 : left.id > right.id ? 1 : 0;
}

/** The order of listings as the store has always had it, said once more: by value, absent first, then by id. */
export function compareValues(left: IndexValue | undefined, right: IndexValue | undefined): number {
  if (left === right) return 0;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  if (typeof left !== typeof right) return typeof left < typeof right ? -1 : 1;
  return left < right ? -1 : 1;
}

/** What listings go by: the declared order if there is one, else that of creation. */
export function inListingOrder(documents: readonly ModelDocument[], columns: PackColumns): ModelDocument[] {
  const living = documents.filter(({ deleted }) => !deleted);
  if (columns.order === null) {
    return living.sort(
      (left, right) => left.createdSequence - right.createdSequence || left.createdIndex - right.createdIndex,
    );
  }
  const at = columns.indexes.length;
  return living.sort((left, right) => compareValues(left.keys[at], right.keys[at]) || byId(left, right));
}

export function orderKeyOf(document: ModelDocument, columns: PackColumns): string {
  return columns.order === null
    ? creationKey(document.createdSequence, document.createdIndex)
    : declaredKey(document.keys[columns.indexes.length], document.id);
}

export function targetOf(directory: string, columns: PackColumns, lo = 1, hi = 9): PackTarget {
  return { fileSystem: nodeFileSystem, directory, storeId, collection, lo, hi, columns, pace: () => undefined };
}

/** Writes a pack of documents, in whatever order they are given. */
export async function packOf(target: PackTarget, documents: readonly ModelDocument[]): Promise<PackSummary> {
  return await writePack(
    target,
    [...documents].sort(byId).map((document) => entryOf(document)),
  );
}

export async function openPack(
  { fileSystem, directory, lo, hi }: Pick<PackTarget, "fileSystem" | "directory" | "lo" | "hi">,
  cache = new ClockCache(2 ** 20),
): Promise<Pack> {
  return await Pack.open({ fileSystem, directory, storeId, collection, lo, hi, cache });
}
