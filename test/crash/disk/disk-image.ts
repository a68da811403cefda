import { createHash } from "node:crypto";

/** What is on a disk at one moment. Immutable: disks that are mounted from it copy what they change. */
export interface ImageFile {
  readonly kind: "file";
  readonly number: number;
  readonly bytes: Buffer;
  readonly modifiedAtMs: number;
}

export interface ImageSocket {
  readonly kind: "socket";
  readonly number: number;
  readonly modifiedAtMs: number;
}

export interface ImageDirectory {
  readonly kind: "directory";
  readonly number: number;
  readonly entries: ReadonlyMap<string, ImageNode>;
  readonly modifiedAtMs: number;
}

export type ImageNode = ImageFile | ImageSocket | ImageDirectory;

/** The root directory of a disk. */
export type DiskImage = ImageDirectory;

const digests = new WeakMap<Buffer, string>();

function digestOf(bytes: Buffer): string {
  let digest = digests.get(bytes);
  if (digest === undefined) digests.set(bytes, (digest = createHash("sha1").update(bytes).digest("base64")));
  return digest;
}

/** Tells whether two images hold the same names with the same content; inode numbers and times do not count. */
export function fingerprintOf(image: DiskImage): string {
  const hash = createHash("sha1");
  const visit = (directory: ImageDirectory): void => {
    for (const name of [...directory.entries.keys()].sort()) {
      const node = directory.entries.get(name) as ImageNode;
      hash.update(`${name}\0${node.kind}\0`);
      if (node.kind === "file") hash.update(digestOf(node.bytes));
      if (node.kind === "directory") visit(node);
    }
    hash.update("/");
  };
  visit(image);
  return hash.digest("base64");
}

/** Everything in an image with its path below the root. */
export function* nodesOf(
  directory: ImageDirectory,
  prefix = "",
): Generator<{ readonly path: string; readonly node: ImageNode }> {
  for (const [name, node] of directory.entries) {
    yield { path: `${prefix}${name}`, node };
    if (node.kind === "directory") yield* nodesOf(node, `${prefix}${name}/`);
  }
}
