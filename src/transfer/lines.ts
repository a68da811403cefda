import { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Where it begins in the file. */
  readonly offset: number;
  /** Without the line feed. */
  readonly bytes: Buffer;
}

const chunkBytes = 256 * 1024;
const lineFeed = 0x0a;

/**
 * Reads a file line by line; of the file never more than a line and a piece are in memory.
 *
 * @param limitBytes the longest line.
 * @throws HoldfastError `DOCUMENT_TOO_LARGE`, naming the line.
 */
export async function* linesOf(fileSystem: FileSystem, path: string, limitBytes: number): AsyncGenerator<Line> {
  const file = await fileSystem.open(path, "read");
  try {
    let rest: Buffer[] = [];
    let restBytes = 0;
    let number = 1;
    let offset = 0;
    for (let position = 0; ;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const count = await file.read(chunk, 0, chunkBytes, position);
      if (count === 0) break;
      position += count;
      let from = 0;
      for (let end = chunk.indexOf(lineFeed); end >= 0 && end < count; end = chunk.indexOf(lineFeed, from)) {
        const bytes = Buffer.concat([...rest, chunk.subarray(from, end)]);
        assertShort(bytes.length, limitBytes, number);
        yield { number, offset, bytes };
        number += 1;
        offset += bytes.length + 1;
        from = end + 1;
        rest = [];
        restBytes = 0;
      }
      rest.push(chunk.subarray(from, count));
      restBytes += count - from;
      assertShort(restBytes, limitBytes, number);
    }
    if (restBytes > 0) yield { number, offset, bytes: Buffer.concat(rest) };
  } finally {
    await file.close();
  }
}

function assertShort(length: number, limitBytes: number, number: number): void {
  if (length <= limitBytes) return;
  throw new HoldfastError(
    "DOCUMENT_TOO_LARGE",
    `Line ${number} has more than ${limitBytes} bytes, which is more than a document may have (limits.documentBytes). Nothing was imported.`,
    { details: { line: number, limitBytes } },
  );
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws TypeError if the bytes are not UTF-8, SyntaxError if they are not JSON; both say what is wrong. */
export function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}
