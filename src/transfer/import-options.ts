import type { BodyLimits } from "../collections/check-body.js";
import type { BlobStore, CollectionDefinition, Store } from "../collections/index.js";
import type { FileSystem } from "../files/file-system.js";
import type { ReplayOptions } from "../surfaces/replay/replay-options.js";

/** What an import does about an id that is taken. */
export type ExistingPolicy = "refuse" | "skip" | "replace";

/** Where an import goes. */
export interface ImportTarget {
  readonly store: Store;
  /** The collections that the program knows, by name. Any other is taken in as it is, if its documents agree on a version. */
  readonly definitions: ReadonlyMap<string, CollectionDefinition<unknown>>;
  /** Where bytes of files go. Without it, an export that has some is refused. */
  readonly blobs?: BlobStore | undefined;
  /** The clock that expiry goes by, in milliseconds since 1970. */
  readonly now: () => number;
  /** How long responses are kept that come without an expiry, in milliseconds. Default 30 days. */
  readonly responsesTimeToLiveMs?: number | undefined;
  /** How replay records are kept that come from elsewhere. */
  readonly replay?: ReplayOptions | undefined;
}

export interface ImportOptions {
  readonly existing: ExistingPolicy;
  /** Check everything, and write nothing. */
  readonly dryRun: boolean;
  readonly limits: BodyLimits;
  readonly fileSystem: FileSystem;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

export interface ImportProgress {
  readonly stage: "checking" | "writing";
  /** Lines. */
  readonly done: number;
  readonly total?: number;
}

/** What an import did, or with `dryRun` would do. */
export interface ImportReport {
  readonly dryRun: boolean;
  /** Whether it went on where an earlier import of the same input was cut short. */
  readonly resumed: boolean;
  /** By collection or kind: how many were written. */
  readonly written: Readonly<Record<string, number>>;
  /** How many were there already, and left as they are. */
  readonly skipped: number;
  /** How many had expired. */
  readonly expired: number;
  /** By collection: how many were left out, because what they say is made anew. */
  readonly leftOut: Readonly<Record<string, number>>;
  readonly blobs: number;
  /** What was changed so that it could be taken in, for people. */
  readonly remarks: readonly string[];
  /** SHA-256 of the input. */
  readonly sha256: string;
}

/** Counts up what an import does. */
export class ImportTally {
  readonly #written = new Map<string, number>();
  readonly #leftOut = new Map<string, number>();
  readonly #remarks: string[] = [];
  #unlisted = 0;
  skipped = 0;
  expired = 0;
  blobs = 0;

  /** How many have been looked at. */
  get count(): number {
    return [...this.#written.values()].reduce((sum, count) => sum + count, this.skipped + this.expired);
  }

  write(kind: string, count = 1): void {
    this.#written.set(kind, (this.#written.get(kind) ?? 0) + count);
  }

  leaveOut(kind: string): void {
    this.#leftOut.set(kind, (this.#leftOut.get(kind) ?? 0) + 1);
  }

  remark(text: string): void {
    if (this.#remarks.length < mostRemarks) this.#remarks.push(text);
    else this.#unlisted += 1;
  }

  report(rest: Pick<ImportReport, "dryRun" | "resumed" | "sha256">): ImportReport {
    const more = this.#unlisted === 0 ? [] : [`${this.#unlisted} more remarks are not listed.`];
    return {
      ...rest,
      written: Object.fromEntries(this.#written),
      skipped: this.skipped,
      expired: this.expired,
      leftOut: Object.fromEntries(this.#leftOut),
      blobs: this.blobs,
      remarks: [...this.#remarks, ...more],
    };
  }
}

const mostRemarks = 100;
