import type { Account, AccountedDocument, LoggedCommit, LoggedOperation } from "../account.js";
import { counter } from "../collections.js";
import type { Findings } from "../findings.js";

interface Version {
  readonly revision: number;
  readonly sequence: number;
  readonly digest: string;
  readonly expiresAt: string | undefined;
}

/**
 * Every commit that there is, as told by one owner or reader after the other, and the documents that they add up to. A
 * commit that was told once must be told the same by all that come later.
 */
export class History {
  commits = 0;
  readonly #findings: Findings;
  readonly #documents = new Map<string, Version>();
  /** Those behind the last account of an owner: the next one tells them again. */
  readonly #recent = new Map<number, string>();
  #last = 0;
  #accountedFor = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** The sequence number that the last account of an owner ended with. */
  get accountedFor(): number {
    return this.#accountedFor;
  }

  /** Takes in an account. `onCommit` is called for each commit that was not known, before its documents count. */
  take(account: Account, by: "owner" | "reader", onCommit: (commit: LoggedCommit) => void): void {
    const newestKnown = this.#last;
    for (const commit of account.commits) {
      const { sequence } = commit;
      const text = JSON.stringify(commit);
      if (sequence <= newestKnown) {
        const before = this.#recent.get(sequence);
        if (before !== undefined && before !== text)
          this.#findings.wrong.push(`commit ${sequence} was told otherwise before:\n    ${before}\n    ${text}`);
        continue;
      }
      this.#findings.expectSame("the sequence number of the next commit", sequence, this.#last + 1);
      this.#last = sequence;
      this.commits += 1;
      this.#recent.set(sequence, text);
      onCommit(commit);
      for (const operation of commit.operations) this.#apply(operation, sequence);
    }
    if (by === "owner") {
      this.#findings.expectSame("the newest commit that the owner names", account.sequence, this.#last);
      for (const sequence of [...this.#recent.keys()]) if (sequence <= account.sequence) this.#recent.delete(sequence);
      this.#accountedFor = account.sequence;
    }
    if (account.sequence === this.#last) this.#compareDocuments(account);
  }

  /** Whether a document may go by itself. */
  expires({ collection, id }: LoggedOperation): boolean {
    return this.#documents.get(`${collection}/${id}`)?.expiresAt !== undefined;
  }

  #apply({ collection, id, revision, digest, expiresAt }: LoggedOperation, sequence: number): void {
    const key = `${collection}/${id}`;
    const former = this.#documents.get(key);
    if (digest === null) {
      if (former === undefined) this.#findings.wrong.push(`commit ${sequence} deletes ${key}, which is not there`);
      this.#documents.delete(key);
      return;
    }
    this.#findings.expectSame(`the revision of ${key} in commit ${sequence}`, revision, (former?.revision ?? 0) + 1);
    this.#documents.set(key, { revision, sequence, digest, expiresAt });
  }

  #compareDocuments({ documents, takenFrom, takenUntil }: Account): void {
    const found = new Set<string>();
    for (const document of documents) {
      const key = `${document.collection}/${document.id}`;
      if (found.has(key)) this.#findings.wrong.push(`${key} is listed twice`);
      found.add(key);
      const version = this.#documents.get(key);
      if (version === undefined) this.#findings.wrong.push(`${key} is there, and no commit has put it there`);
      else this.#compare(key, document, version, takenFrom);
    }
    for (const [key, { sequence, expiresAt }] of this.#documents) {
      if (found.has(key) || (expiresAt !== undefined && Date.parse(expiresAt) <= takenUntil)) continue;
      this.#findings.lost.push(`${key}, which commit ${sequence} wrote, is not listed`);
    }
  }

  #compare(key: string, document: AccountedDocument, version: Version, takenFrom: number): void {
    this.#findings.expectSame(`the content of ${key}`, document.digest, version.digest);
    this.#findings.expectSame(`the revision of ${key}`, document.revision, version.revision);
    this.#findings.expectSame(`the sequence number of ${key}`, document.sequence, version.sequence);
    if (version.expiresAt !== undefined && Date.parse(version.expiresAt) < takenFrom)
      this.#findings.wrong.push(`${key} is there, and it expired at ${version.expiresAt}`);
    if (document.collection === counter.name && document.count !== document.revision)
      this.#findings.wrong.push(`${key} counts ${String(document.count)} after ${document.revision} changes`);
  }
}
