import { join } from "node:path";

/**
 * The names of everything in a state directory, in one place. Formats of the single files stand in the `FORMAT.md` of
 * the folder that owns them.
 */
export class Layout {
  /** The state directory itself, absolute. */
  readonly root: string;
  readonly manifest: string;
  /** Who holds the directory. */
  readonly writer: string;
  /** Exists while the directory is held; its modification time is the heartbeat. */
  readonly writerLock: string;
  /** The fencing tokens. */
  readonly epochs: string;
  readonly journal: string;
  readonly checkpoint: string;
  readonly collections: string;
  /** Bytes beside the documents; see `blobs/FORMAT.md`. */
  readonly blobs: string;
  /** What sidecars see; it can be mounted alone and read-only. */
  readonly status: string;
  readonly startupStatus: string;
  readonly recoveryReport: string;
  readonly aliveSocket: string;
  /** What could not be trusted. The program never deletes from it. */
  readonly quarantine: string;
  /** Bytes set aside so that deletes and status reports still work on a full disk. */
  readonly reserve: string;

  constructor(root: string) {
    this.root = root;
    this.manifest = join(root, "manifest.json");
    this.writer = join(root, "writer.json");
    this.writerLock = join(root, "writer.lock");
    this.epochs = join(root, "epochs");
    this.journal = join(root, "journal");
    this.checkpoint = join(root, "checkpoint.json");
    this.collections = join(root, "collections");
    this.blobs = join(root, "blobs");
    this.status = join(root, "status");
    this.startupStatus = join(this.status, "startup.json");
    this.recoveryReport = join(this.status, "recovery.json");
    this.aliveSocket = join(this.status, "alive.sock");
    this.quarantine = join(root, "quarantine");
    this.reserve = join(root, "reserve");
  }

  documents(collection: string): string {
    return join(this.collections, collection, "documents");
  }

  packs(collection: string): string {
    return join(this.collections, collection, "packs");
  }
}
