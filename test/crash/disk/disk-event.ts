/**
 * What was asked of a disk, in the order in which it took effect. A call that takes time has a beginning and an end:
 * a crash between them finds it half done. Inodes are named by number.
 */
export type DiskEvent =
  /** A name appeared: of a new file, a further name of one, a new directory, a socket. */
  | {
      readonly kind: "add";
      readonly directory: number;
      readonly name: string;
      readonly inode: number;
      readonly type: "file" | "directory" | "socket";
    }
  | { readonly kind: "remove"; readonly directory: number; readonly name: string }
  | {
      readonly kind: "rename";
      readonly from: { readonly directory: number; readonly name: string };
      readonly to: { readonly directory: number; readonly name: string };
      readonly inode: number;
    }
  /** `through`: the bytes are on the disk when the write ends. `call` connects it with its end. */
  | {
      readonly kind: "write";
      readonly inode: number;
      readonly position: number;
      readonly bytes: Buffer;
      readonly through: boolean;
      readonly call: number;
    }
  | { readonly kind: "truncate"; readonly inode: number; readonly length: number }
  | { readonly kind: "sync"; readonly inode: number; readonly call: number }
  | { readonly kind: "sync-directory"; readonly directory: number; readonly call: number }
  /** A write-through or a sync returned: what it promised holds. */
  | { readonly kind: "end"; readonly call: number }
  | Mark;

/** What the workload knows at this place; no operation. */
export type Mark =
  /** Everything up to this commit has been acknowledged. */
  | { readonly kind: "acknowledged"; readonly sequence: number }
  /** An opening has been handed out; it had recovered up to this commit. */
  | { readonly kind: "opened"; readonly sequence: number; readonly epoch: number }
  | { readonly kind: "closed" };

export interface DiskRecorder {
  record(event: DiskEvent): void;
}

/** A recorder that keeps everything. */
export class DiskLog implements DiskRecorder {
  readonly events: DiskEvent[] = [];

  record(event: DiskEvent): void {
    this.events.push(event);
  }
}
