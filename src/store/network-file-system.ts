import { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";

/** `statfs` numbers of file systems that more than one host can mount. */
const networkKinds: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB2",
  0x01021997: "9P",
  0x00c36400: "Ceph",
  0x0bd00bd0: "Lustre",
  0x5346414f: "AFS",
  0x47504653: "GPFS",
};

/**
 * Exclusive creation and atomic renames are what everything here rests on, and a network file system may only pretend.
 *
 * @returns a warning, if there is one to give.
 * @throws HoldfastError `INVALID_CONFIG` if such are to be refused.
 */
export async function checkFileSystem(
  fileSystem: FileSystem,
  root: string,
  policy: "refuse" | "warn",
): Promise<string | undefined> {
  // The number is 32 bits wide, and some systems report it signed.
  const kind = networkKinds[(await fileSystem.kindOf(root)) >>> 0];
  if (kind === undefined) return undefined;
  const finding = `${root} is on a network file system (${kind}), where what was acknowledged may not survive, and two hosts may both believe they own it.`;
  if (policy === "warn") return finding;
  throw new HoldfastError(
    "INVALID_CONFIG",
    `${finding} Use a local disk, or set networkFileSystem to "warn" to go on at your own risk.`,
    {
      details: { directory: root, fileSystem: kind },
    },
  );
}
