import { crc32 } from "node:zlib";
import { isHoldfastError } from "../errors.js";
import { readFully } from "./checked-file.js";
import { readDirectory } from "./index-directory.js";
import { LineScan } from "./line-scan.js";
import type { Pack } from "./pack.js";
import { reportingDamage, type OnProblem } from "./pack-problem.js";
import { Pacer } from "./pacer.js";
import { verifyLines } from "./verify-lines.js";
import { verifyTables } from "./verify-tables.js";
import { decodeLine } from "../documents/envelope.js";

const windowBytes = 256 * 1024;

/**
 * Reads a whole pack: every line against its checksum, its neighbours and its entry in the index; all of them together
 * against the checksum of the file; every block of the index, and every page of the filter, against its checksum and
 * against the lines.
 *
 * @param onProblem gets everything that is wrong. @param pace see {@link PackTarget}.
 * @throws HoldfastError `STORAGE_FAILED` if something can not be read, `CLOSED`; what `pace` throws.
 */
export async function verifyPack(pack: Pack, onProblem: OnProblem, pace: () => Promise<void> | void): Promise<void> {
  pack.retain();
  try {
    const pacer = new Pacer(pace);
    let problems = 0;
    const onDamage: OnProblem = (problem) => {
      problems += 1;
      onProblem(problem);
    };
    await reportingDamage(onDamage, () => verifyEnds(pack, onDamage));
    const isIndexWhole = await reportingDamage(onDamage, () => verifyLines(pack, onDamage, pacer));
    // What the lines are damaged by has been told line by line. Lines that are whole may still be another pack's.
    if (problems === 0) await reportingDamage(onProblem, () => verifyChecksum(pack, onProblem, pacer));
    await verifyTables(pack, onProblem, pacer);
    // Without the table of ids nothing says where lines begin, but they end as lines do.
    if (!isIndexWhole) await reportingDamage(onProblem, () => verifyBareLines(pack, onProblem, pacer));
  } finally {
    pack.release();
  }
}

/** Whether what was read when the pack was opened still stands there. */
async function verifyEnds(pack: Pack, onProblem: OnProblem): Promise<void> {
  await readDirectory(pack.index, await pack.index.size());
  const size = await pack.lines.size();
  if (size !== pack.summary.packBytes) {
    const detail = `${pack.path} has ${size} bytes; its index says ${pack.summary.packBytes}.`;
    onProblem({ offset: size, id: undefined, detail });
  }
}

async function verifyChecksum(pack: Pack, onProblem: OnProblem, pacer: Pacer): Promise<void> {
  const { packBytes, packChecksum } = pack.summary;
  const bytes = Buffer.allocUnsafeSlow(windowBytes);
  let checksum = 0;
  for (let position = 0; position < packBytes; position += windowBytes) {
    const length = Math.min(windowBytes, packBytes - position);
    await readFully(pack.lines, bytes, length, position);
    checksum = crc32(bytes.subarray(0, length), checksum);
    if (pacer.due()) await pacer.pause();
  }
  if (checksum === packChecksum) return;
  const detail = `${pack.path} has other lines than its index was made from, though each of them is whole.`;
  onProblem({ offset: 0, id: undefined, detail });
}

async function verifyBareLines(pack: Pack, onProblem: OnProblem, pacer: Pacer): Promise<void> {
  const lines = new LineScan(pack.lines, await pack.lines.size());
  while (lines.step() || (await lines.load())) {
    const { line, offset } = lines;
    try {
      decodeLine(line, pack.path);
    } catch (error) {
      if (!isHoldfastError(error, "CORRUPT")) throw error;
      onProblem({ offset, id: undefined, detail: error.message });
    }
    if (pacer.due()) await pacer.pause();
  }
}
