import type { Store } from "../../collections/index.js";
import type { AccessCheck } from "../history/access.js";
import type { FileDirectory } from "./file-directory.js";
import type { Ingestion } from "./ingester.js";
import type { VectorBackend } from "./vector-backend.js";

/** What the parts of this surface share. */
export interface VectorStoreContext {
  readonly store: Store;
  readonly access: AccessCheck;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly files: FileDirectory;
  readonly backend: VectorBackend | undefined;
  readonly ingestion: Ingestion;
  /** How long an external ingestion may be silent, in milliseconds. */
  readonly leaseMs: number;
  /** Names this run of this process, so that the next one knows which ingestions died with it. */
  readonly process: string;
}

/** The clock as the wire counts it. */
export function secondsNow({ now }: Pick<VectorStoreContext, "now">): number {
  return Math.floor(now() / 1000);
}
