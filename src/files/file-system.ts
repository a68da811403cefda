/**
 * The only door to the operating system's files. Everything Holdfast does to a disk goes through these calls, so that a
 * test can stand in for the disk and lose, tear, fail or fill it.
 *
 * Calls reject with the system's own error (`code` such as `ENOENT`); {@link storageError} turns it into a typed one.
 */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  readFile(path: string): Promise<Buffer>;
  /**
   * {@link readFile} without leaving the thread, for the many small files of an opening: most of the time that an
   * asynchronous read of such a file takes goes into handing it to a worker thread and back, four times. The caller
   * gives way between them.
   */
  readFileNow(path: string): Buffer;
  readDirectory(path: string): Promise<DirectoryEntry[]>;
  /** @returns `undefined` if there is nothing of that name. */
  status(path: string): Promise<FileStatus | undefined>;
  /**
   * Whether the name exists, answered without leaving the thread: a look-up in the kernel's name cache costs a
   * microsecond, a trip to a worker thread thirty. Throws for every failure but absence.
   */
  existsNow(path: string): boolean;
  /**
   * Tells a file that is never changed from any other that has or gets its name: a copy, or one made anew in its place.
   * As quick as {@link existsNow}, and throws as it does. @returns `undefined` if there is nothing of that name.
   */
  identityNow(path: string): string | undefined;
  /** One level; rejects with `EEXIST`. Mode 0700. */
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; rejects with `EEXIST`, so it creates whole files exclusively. */
  link(existing: string, name: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Sets the modification time. */
  touch(path: string, time: Date): Promise<void>;
  /** Makes the names in a directory durable: a created, renamed or removed file survives power loss only after this. */
  syncDirectory(path: string): Promise<void>;
  /** What kind of file system holds `path`, as `statfs` numbers it. */
  kindOf(path: string): Promise<number>;
  /** Room on the disk that holds `path`. */
  space(path: string): Promise<DiskSpace>;
  /** The path with all links resolved. */
  canonical(path: string): Promise<string>;
}

/**
 * `read`: an existing file. `create`: a new file, exclusively (`EEXIST`), mode 0600. `write-through`: an existing file,
 * where each write returns only once its bytes are on the disk. `truncate`: an existing file that is to be cut.
 */
export type OpenMode = "read" | "create" | "write-through" | "truncate";

export interface OpenFile {
  readonly path: string;
  /** @returns how many bytes were read; 0 at the end. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /**
   * {@link read} without leaving the thread, for small pieces that the system mostly holds in memory: copying one from
   * there takes a microsecond, a trip to a worker thread thirty.
   */
  readNow(buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** @returns how many bytes were written, which may be fewer than asked: see {@link writeFully}. */
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Room on a disk, in bytes. */
export interface DiskSpace {
  /** What this process can still use: what is reserved for the system is not counted. */
  readonly freeBytes: number;
  /** 0 where the file system keeps no count; then `freeBytes` says nothing either. */
  readonly totalBytes: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: "file" | "directory" | "socket" | "other";
}

export interface FileStatus {
  readonly kind: "file" | "directory" | "socket" | "other";
  readonly size: number;
  readonly inode: number;
  readonly modifiedAtMs: number;
}

/**
 * Writes all of it. The system may write less than asked, on a full disk above all, and call that success: whoever
 * ignores the count commits a cut-off file.
 */
export async function writeFully(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const count = await file.write(bytes, written, bytes.length - written, position + written);
    if (count <= 0) {
      throw Object.assign(new Error(`wrote nothing of ${bytes.length - written} bytes to ${file.path}`), {
        code: "EIO",
      });
    }
    written += count;
  }
}
