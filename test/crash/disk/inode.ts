/** A file of the simulated disk. Its content may be shared with an image of the disk until it is first changed. */
export interface FileInode {
  readonly kind: "file";
  readonly number: number;
  /** Exactly the bytes of the file. */
  bytes: Buffer;
  /** What `bytes` is a view of, if it is the file's own and may be written in place. */
  room: Buffer | undefined;
  modifiedAtMs: number;
}

/** A socket's name: that it is there is all a disk knows of it. */
export interface SocketInode {
  readonly kind: "socket";
  readonly number: number;
  modifiedAtMs: number;
}

export interface DirectoryInode {
  readonly kind: "directory";
  readonly number: number;
  readonly entries: Map<string, Inode>;
  modifiedAtMs: number;
}

export type Inode = FileInode | SocketInode | DirectoryInode;
