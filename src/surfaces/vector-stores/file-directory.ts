import { isExpired } from "../files/expiry.js";
import { filesCollection } from "../files/index.js";
import type { AccessCheck } from "../history/access.js";
import type { Reader } from "../history/reader.js";

/** What an attachment needs to know of a file. */
export interface AttachableFile {
  readonly id: string;
  readonly bytes: number;
  readonly filename: string;
  /** Whether its bytes are known to be lost: there is nothing to attach then. */
  readonly isLost: boolean;
}

/** Where attached files are looked up. Within a transaction, so that a file can not go while it is being attached. */
export interface FileDirectory {
  /** @returns `undefined` if there is no such file, or none that the owner may see. */
  get(reader: Reader, id: string, owner: string | undefined): Promise<AttachableFile | undefined>;
}

/** The files that were uploaded to the same store. */
export class UploadedFiles implements FileDirectory {
  readonly #access: AccessCheck;
  readonly #now: () => number;

  constructor(access: AccessCheck, now: () => number) {
    this.#access = access;
    this.#now = now;
  }

  async get(reader: Reader, id: string, caller: string | undefined): Promise<AttachableFile | undefined> {
    const found = await reader.collection(filesCollection).get(id);
    if (found === undefined || isExpired(found, this.#now())) return undefined;
    const { file, owner } = found.body;
    if (!this.#access({ surface: "files", id, action: "read", caller, owner })) return undefined;
    return { id, bytes: file.bytes, filename: file.filename, isLost: file.status === "error" };
  }
}
