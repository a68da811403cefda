import { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import type { CommitRecord } from "../journal/record.js";
import { readJournal } from "../journal/read-journal.js";
import { compareSegmentNames, parseSegmentName } from "../journal/segment-name.js";

/**
 * Reads the commits above `sequence` from the journal, as far as one segment goes.
 *
 * @param upTo the newest commit that may be shown.
 * @throws HoldfastError `COMPACTED` if commits right above `sequence` are no longer kept.
 */
export async function readHistory(
  fileSystem: FileSystem,
  layout: Layout,
  storeId: string,
  sequence: number,
  upTo: number,
): Promise<CommitRecord[]> {
  const entries = await fileSystem.readDirectory(layout.journal);
  const firsts = entries
    .map(({ name }) => name)
    .sort(compareSegmentNames)
    .flatMap((name) => parseSegmentName(name)?.first ?? []);
  const oldest = firsts[0] ?? upTo + 1;
  if (oldest > sequence + 1) {
    throw new HoldfastError(
      "COMPACTED",
      `The changes after ${sequence} are no longer kept; the journal begins at ${oldest}. Read the collections anew and follow from there.`,
      { details: { since: sequence, oldest: oldest - 1 } },
    );
  }
  // Up to the end of the segment that holds the first of them: a far follower must not pull in the whole journal.
  const until = Math.min(upTo, (firsts.find((first) => first > sequence + 1) ?? Number.MAX_SAFE_INTEGER) - 1);
  const commits: CommitRecord[] = [];
  await readJournal({
    fileSystem,
    directory: layout.journal,
    storeId,
    above: sequence,
    until,
    apply: (commit) => {
      if (commit.sequence <= until) commits.push(commit);
    },
  });
  return commits;
}
