import { IdHashes, hashOfId } from "./id-filter.js";
import { idPayloadBytes, writeIdPayload, type IdPayload } from "./id-payload.js";
import { encodeDirectory, type IndexDirectory, type TableExtent } from "./index-directory.js";
import type { Output } from "./output.js";
import type { PackTarget } from "./pack-target.js";
import { TableWriter } from "./table-writer.js";

/** What an index is of. */
export type IndexSubject = Pick<PackTarget, "storeId" | "collection" | "lo" | "hi" | "columns">;

/** Where the tables behind that of ids stand. */
export type OtherTables = Pick<IndexDirectory, "created" | "expires" | "order" | "indexes">;

/**
 * Writes an index: first the table of ids, in the order in which the lines are, and the filter; then, by whoever uses it,
 * the other tables; then the directory.
 */
export class IndexWriter {
  readonly output: Output;
  readonly #subject: IndexSubject;
  readonly #ids: TableWriter;
  readonly #hashes = new IdHashes();
  readonly #payload = Buffer.alloc(idPayloadBytes);
  #idsExtent: TableExtent | undefined;
  #filter = { offset: 0, pages: 0 };
  #documents = 0;
  #newestSequence = 0;

  constructor(output: Output, subject: IndexSubject) {
    this.output = output;
    this.#subject = subject;
    this.#ids = new TableWriter(output);
  }

  /** @param id greater than all before it. @returns its ordinal. */
  addId(id: Buffer, idLength: number, payload: IdPayload): number {
    const ordinal = this.#ids.entries;
    writeIdPayload(this.#payload, payload);
    this.#ids.add(id, idLength, this.#payload, 0, idPayloadBytes);
    this.#hashes.add(hashOfId(id, idLength));
    if (!payload.deleted) this.#documents += 1;
    if (payload.sequence > this.#newestSequence) this.#newestSequence = payload.sequence;
    return ordinal;
  }

  endIds(): void {
    this.#idsExtent = this.#ids.end();
    const offset = this.output.position;
    const { bytes, pages } = this.#hashes.filter(offset);
    this.output.append(bytes, 0, bytes.length);
    this.#filter = { offset, pages };
  }

  /** Writes the directory. @param lines how many bytes they take together, and their checksum. @returns the directory. */
  end(
    tables: OtherTables,
    lines: { readonly position: number; readonly checksum: number },
    largestSchemaVersion: number,
  ): IndexDirectory {
    if (this.#idsExtent === undefined) throw new Error("The table of ids has not been ended.");
    const { storeId, collection, lo, hi, columns } = this.#subject;
    const directory: IndexDirectory = {
      storeId,
      collection,
      lo,
      hi,
      documents: this.#documents,
      tombstones: this.#idsExtent.entries - this.#documents,
      packBytes: lines.position,
      packChecksum: lines.checksum,
      newestSequence: this.#newestSequence,
      largestSchemaVersion,
      columns,
      filter: this.#filter,
      ids: this.#idsExtent,
      ...tables,
    };
    const bytes = encodeDirectory(directory);
    this.output.append(bytes, 0, bytes.length);
    return directory;
  }
}
