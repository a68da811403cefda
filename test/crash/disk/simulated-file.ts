import type { OpenFile, OpenMode } from "../../../src/files/file-system.js";
import type { FileInode } from "./inode.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import { systemError } from "./system-error.js";

/** An open file of the simulated disk. It is the inode that is open: names may come and go. */
export class SimulatedFile implements OpenFile {
  readonly path: string;
  readonly #disk: SimulatedDisk;
  /** `undefined`: a directory, which can be opened and not read. */
  readonly #inode: FileInode | undefined;
  readonly #mode: OpenMode;
  #isOpen = true;

  constructor(disk: SimulatedDisk, path: string, inode: FileInode | undefined, mode: OpenMode) {
    this.#disk = disk;
    this.path = path;
    this.#inode = inode;
    this.#mode = mode;
    if (inode !== undefined) disk.room?.opened(inode);
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    await this.#disk.pace();
    return this.readNow(buffer, offset, length, position);
  }

  readNow(buffer: Uint8Array, offset: number, length: number, position: number): number {
    const inode = this.#file("read");
    if (this.#mode === "create" || this.#mode === "write-through") throw systemError("EBADF", "read", this.path);
    const part = inode.bytes.subarray(position, position + length);
    buffer.set(part, offset);
    return part.length;
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    await this.#disk.pace();
    this.#assertOpen("write");
    if (this.#mode === "read") throw systemError("EBADF", "write", this.path);
    const inode = this.#file("write");
    if (length === 0) return 0;
    // A disk that fills up takes what it has room for and says so; only where that is nothing, it refuses.
    const longest = this.#disk.room?.longest(inode) ?? Number.POSITIVE_INFINITY;
    if (position >= longest) throw systemError("ENOSPC", "write", this.path);
    const bytes = Buffer.from(buffer.subarray(offset, offset + Math.min(length, longest - position)));
    resize(inode, Math.max(inode.bytes.length, position + bytes.length));
    inode.bytes.set(bytes, position);
    inode.modifiedAtMs = this.#disk.now();
    const through = this.#mode === "write-through";
    const event = { kind: "write", inode: inode.number, position, bytes, through } as const;
    if (through) await this.#disk.takingTime((call) => ({ ...event, call }));
    else this.#disk.record({ ...event, call: 0 });
    return bytes.length;
  }

  async sync(): Promise<void> {
    await this.#disk.pace();
    this.#assertOpen("fsync");
    const number = this.#inode?.number;
    if (number !== undefined) await this.#disk.takingTime((call) => ({ kind: "sync", inode: number, call }));
  }

  async truncate(length: number): Promise<void> {
    await this.#disk.pace();
    this.#assertOpen("ftruncate");
    if (this.#mode === "read") throw systemError("EINVAL", "ftruncate", this.path);
    const inode = this.#file("ftruncate");
    if (length > (this.#disk.room?.longest(inode) ?? length)) throw systemError("ENOSPC", "ftruncate", this.path);
    resize(inode, length);
    inode.modifiedAtMs = this.#disk.now();
    this.#disk.record({ kind: "truncate", inode: inode.number, length });
  }

  async size(): Promise<number> {
    await this.#disk.pace();
    this.#assertOpen("fstat");
    return this.#inode?.bytes.length ?? 0;
  }

  async close(): Promise<void> {
    await this.#disk.pace();
    this.#assertOpen("close");
    this.#isOpen = false;
    if (this.#inode !== undefined) this.#disk.room?.closed(this.#inode);
  }

  #assertOpen(call: string): void {
    if (!this.#isOpen) throw systemError("EBADF", call, this.path);
  }

  #file(call: string): FileInode {
    this.#assertOpen(call);
    if (this.#inode === undefined) throw systemError("EISDIR", call, this.path);
    return this.#inode;
  }
}

/** Makes the file's bytes its own and so many; new ones are zeros. */
function resize(inode: FileInode, length: number): void {
  if (inode.room === undefined || inode.room.length < length) {
    const room = Buffer.alloc(Math.max(length, inode.room === undefined ? 0 : length * 2));
    inode.bytes.copy(room, 0, 0, Math.min(inode.bytes.length, length));
    inode.room = room;
  } else if (length < inode.bytes.length) {
    // What comes back when the file grows again is zeros.
    inode.room.fill(0, length, inode.bytes.length);
  }
  inode.bytes = inode.room.subarray(0, length);
}
