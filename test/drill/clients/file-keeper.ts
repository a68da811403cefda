import type OpenAI from "openai";
import { toFile } from "openai";
import { checkFile } from "../checks/check-files.js";
import type { AcknowledgedFile, Ledger } from "../ledger.js";
import { operate } from "../operation.js";
import type { Random } from "../random.js";
import { listFiles, readContent, readFile } from "../readings/read-files.js";

/** The most bytes of a file, as a power of two: many are small, and some take a moment to arrive. */
const largestPower = 18;

interface PendingUpload {
  readonly filename: string;
  readonly bytes: Buffer;
}

interface PendingDeletion {
  readonly id: string;
  readonly acknowledged: AcknowledgedFile;
}

/** The files of one client: uploads bytes it knows, deletes them, and finds out what became of what was cut off. */
export class FileKeeper {
  /** Acknowledged and not deleted. */
  readonly files = new Set<string>();
  readonly #name: string;
  readonly #ledger: Ledger;
  readonly #random: Random;
  #uploads = 0;
  #pendingUpload: PendingUpload | undefined;
  #pendingDeletion: PendingDeletion | undefined;

  /** @param name begins the names of all its files, and of no others. */
  constructor(name: string, ledger: Ledger, random: Random) {
    this.#name = name;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Looks what became of what was cut off. Called again until it succeeds. @throws CutOffError */
  async settle(client: OpenAI): Promise<void> {
    await this.#settleUpload(client);
    await this.#settleDeletion(client);
  }

  /** @returns the id of the new file. @throws CutOffError */
  async upload(client: OpenAI): Promise<string> {
    this.#uploads += 1;
    const filename = `${this.#name} ${this.#uploads}.bin`;
    const bytes = this.#bytes();
    this.#pendingUpload = { filename, bytes };
    const file = await operate(this.#ledger, "upload", async () =>
      client.files.create({ file: await toFile(bytes, filename), purpose: "assistants" }),
    );
    this.#pendingUpload = undefined;
    this.#ledger.expectEqual(`the upload ${filename}`, [file.filename, file.bytes], [filename, bytes.length]);
    this.#accept(file, bytes);
    return file.id;
  }

  /** Deletes one of its files. @throws CutOffError */
  async delete(
    client: OpenAI,
    id: string,
    kind: "file deletion" | "attached file deletion" = "file deletion",
  ): Promise<void> {
    const acknowledged = this.#ledger.files.get(id);
    if (acknowledged === undefined) throw new TypeError(`The file ${id} is not there to be deleted.`);
    // From now on either way is right, for whoever looks meanwhile too.
    this.#pendingDeletion = { id, acknowledged };
    this.#ledger.files.delete(id);
    await operate(this.#ledger, kind, () => client.files.delete(id));
    this.#pendingDeletion = undefined;
    this.#noteDeleted(id);
  }

  /** Downloads one of its files and compares every byte. @throws CutOffError */
  async download(client: OpenAI, id: string): Promise<void> {
    const expected = this.#ledger.files.get(id);
    const bytes = await operate(this.#ledger, "download", () => readContent(client, id));
    if (bytes === undefined) this.#ledger.lose(`the acknowledged file ${id} can not be downloaded`);
    else this.#ledger.expectEqual(`the download of ${id}`, expected?.bytes.equals(bytes), true);
  }

  /** Leaves everything behind that could be under way. */
  forget(): void {
    this.#pendingUpload = undefined;
    this.#pendingDeletion = undefined;
    this.files.clear();
  }

  /** An upload that was cut off is there with all its bytes, or not at all. Its name is all that its client knows. */
  async #settleUpload(client: OpenAI): Promise<void> {
    if (this.#pendingUpload === undefined) return;
    const { filename, bytes } = this.#pendingUpload;
    const found = (await listFiles(client)).find((file) => file.filename === filename);
    if (found !== undefined) {
      this.#accept(found, bytes);
      await checkFile(client, this.#ledger, found.id);
    }
    this.#ledger.cutOffOperations[found === undefined ? "foundAbsent" : "foundWhole"] += 1;
    this.#pendingUpload = undefined;
  }

  async #settleDeletion(client: OpenAI): Promise<void> {
    if (this.#pendingDeletion === undefined) return;
    const { id, acknowledged } = this.#pendingDeletion;
    const isThere = (await readFile(client, id)) !== undefined;
    if (isThere) this.#ledger.files.set(id, acknowledged);
    else this.#noteDeleted(id);
    this.#ledger.cutOffOperations[isThere ? "foundWhole" : "foundAbsent"] += 1;
    this.#pendingDeletion = undefined;
    await checkFile(client, this.#ledger, id);
  }

  #accept(file: OpenAI.FileObject, bytes: Buffer): void {
    this.#ledger.files.set(file.id, { file, bytes });
    this.files.add(file.id);
  }

  #noteDeleted(id: string): void {
    this.files.delete(id);
    this.#ledger.absentFiles.add(id);
  }

  #bytes(): Buffer {
    const bytes = Buffer.alloc(Math.floor(2 ** this.#random.between(0, largestPower)));
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(this.#random.next() * 256);
    return bytes;
  }
}
