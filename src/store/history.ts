import { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import type { CommitRecord } from "../journal/record.js";
import { readJournal } from "../journal/read-journal.js";
import { compareSegmentNames, parseSegmentName } from "../journal/segment-name.js";

const mostAttempts = 5;

/**
 * Reads the commits above `sequence` from the journal, as far as one segment goes, and as far as none is missing.
 *
 * @param upTo the newest commit that may be shown.
 * @throws HoldfastError `COMPACTED` if the commit right above `sequence` is no longer kept, or was lost to damage.
 */
export async function readHistory(
  fileSystem: FileSystem,
  layout: Layout,
  storeId: string,
  sequence: number,
  upTo: number,
): Promise<CommitRecord[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOnce(fileSystem, layout, storeId, sequence, upTo);
    } catch (error) {
      // A checkpoint removed the segment that was to be read: the next attempt finds it gone, and says so.
      if (!isAbsent(error) || attempt >= mostAttempts) throw error;
    }
  }
}

async function readOnce(
  fileSystem: FileSystem,
  layout: Layout,
  storeId: string,
  sequence: number,
  upTo: number,
): Promise<CommitRecord[]> {
  const entries = await fileSystem.readDirectory(layout.journal);
  if (upTo <= sequence) return [];
  const firsts = entries
    .map(({ name }) => name)
    .sort(compareSegmentNames)
    .flatMap((name) => parseSegmentName(name)?.first ?? []);
  const oldest = firsts[0] ?? upTo + 1;
  if (oldest > sequence + 1) throw compacted(sequence, oldest);
  // Up to the end of the segment that holds the first of them: a far follower must not pull in the whole journal.
  const until = Math.min(upTo, (firsts.find((first) => first > sequence + 1) ?? Number.MAX_SAFE_INTEGER) - 1);
  const commits: CommitRecord[] = [];
  await readJournal({
    fileSystem,
    directory: layout.journal,
    storeId,
    above: sequence,
    until,
    mayShrink: true,
    apply: (commit) => {
      if (commit.sequence <= until) commits.push(commit);
    },
  });
  // A follower is told of a gap, never led across it.
  if (commits[0]?.sequence !== sequence + 1) throw compacted(sequence, commits[0]?.sequence ?? until + 1);
  const gap = commits.findIndex((commit, index) => commit.sequence !== sequence + 1 + index);
  return gap < 0 ? commits : commits.slice(0, gap);
}

function compacted(since: number, begin: number): HoldfastError {
  return new HoldfastError(
    "COMPACTED",
    `The changes after ${since} are not kept, or were lost to damage; the journal goes on with ${begin}. Read the collections anew and follow from there.`,
    { details: { since, oldest: begin - 1 } },
  );
}
