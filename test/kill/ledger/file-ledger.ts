import type { Findings } from "../findings.js";

/** Uploads and deletions that were acknowledged, against the files that there are. */
export class FileLedger {
  acknowledged = 0;
  readonly #findings: Findings;
  /** By id, the SHA-256 of what was acknowledged and that nobody has begun to delete. */
  readonly #kept = new Map<string, string>();
  /** Begun to be deleted: there or not, but never altered. */
  readonly #doubtful = new Map<string, string>();
  readonly #deleted = new Set<string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  uploaded(id: string, sha256: string): void {
    this.acknowledged += 1;
    this.#kept.set(id, sha256);
  }

  deleting(id: string): void {
    const sha256 = this.#kept.get(id);
    if (sha256 !== undefined) this.#doubtful.set(id, sha256);
    this.#kept.delete(id);
  }

  deleted(id: string): void {
    this.acknowledged += 1;
    this.#kept.delete(id);
    this.#doubtful.delete(id);
    this.#deleted.add(id);
  }

  /** An account is of files that were read whole and compared with their own records: others need no more than that. */
  check(files: Readonly<Record<string, string>>): void {
    for (const [id, sha256] of this.#kept) {
      const found = files[id];
      if (found === undefined) this.#findings.lost.push(`the file ${id}, whose upload was acknowledged, is not there`);
      else this.#findings.expectSame(`the SHA-256 of the file ${id}`, found, sha256);
    }
    for (const [id, sha256] of Object.entries(files)) {
      if (this.#deleted.has(id)) this.#findings.wrong.push(`the file ${id} is there; its deletion was acknowledged`);
      const doubtful = this.#doubtful.get(id);
      if (doubtful !== undefined) this.#findings.expectSame(`the SHA-256 of the file ${id}`, sha256, doubtful);
    }
  }
}
