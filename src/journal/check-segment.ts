import type { FileSystem, OpenFile } from "../files/file-system.js";
import { endOfIntactLines, isBlank, scanSegment } from "./scan-segment.js";

/** Bytes of a segment that do not match their checksums. */
export interface SegmentDamage {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly detail: string;
}

const pieceBytes = 256 * 1024;

/**
 * Looks at the checksum of every line of a segment that nobody writes any more, a piece at a time.
 *
 * @param sealed where the segment ends, if its successor says so: what lies behind was never acknowledged.
 * @param pause is waited for before each piece; `false` ends the check.
 * @returns what is damaged; `undefined` if the check was ended. Rejects with the system's own error, such as that of a
 * segment a checkpoint has removed.
 */
export async function checkSegment(
  fileSystem: FileSystem,
  path: string,
  sealed: number | undefined,
  pause: () => Promise<boolean>,
): Promise<readonly SegmentDamage[] | undefined> {
  const file = await fileSystem.open(path, "read");
  try {
    const length = Math.min(await file.size(), sealed ?? Number.MAX_SAFE_INTEGER);
    const isIntact = await hasIntactLines(file, length, pause);
    if (isIntact !== false) return isIntact === undefined ? undefined : [];
    const bytes = await readPiece(file, 0, length);
    const { unreadable, end } = scanSegment(bytes);
    if (end === 0 && unreadable.length === 0) return [{ offset: 0, bytes, detail: "the file is empty" }];
    return unreadable.map(({ start, end: behind }) => ({
      offset: start,
      bytes: Buffer.from(bytes.subarray(start, behind)),
      detail: "the bytes do not match their checksum",
    }));
  } finally {
    await file.close();
  }
}

/** @returns `undefined` if the check was ended. */
async function hasIntactLines(
  file: OpenFile,
  length: number,
  pause: () => Promise<boolean>,
): Promise<boolean | undefined> {
  let wanted = pieceBytes;
  let position = 0;
  while (position < length) {
    if (!(await pause())) return undefined;
    const piece = await readPiece(file, position, Math.min(wanted, length - position));
    // Zeros, if there are any, begin behind the last line and go on to the end.
    if (piece[0] === 0) return position > 0 && (await isBlankFrom(file, position, length, pause));
    const end = endOfIntactLines(piece);
    if (end < 0 || (end === 0 && piece.length < wanted)) return false;
    // A line longer than the piece.
    if (end === 0) wanted *= 2;
    else wanted = pieceBytes;
    position += end;
  }
  return position > 0;
}

async function isBlankFrom(
  file: OpenFile,
  from: number,
  length: number,
  pause: () => Promise<boolean>,
): Promise<boolean | undefined> {
  for (let position = from; position < length; position += pieceBytes) {
    if (!(await pause())) return undefined;
    if (!isBlank(await readPiece(file, position, Math.min(pieceBytes, length - position)))) return false;
  }
  return true;
}

/** As much as there is. */
async function readPiece(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const piece = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(piece, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return piece.subarray(0, filled);
}
