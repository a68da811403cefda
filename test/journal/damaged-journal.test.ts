import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSegmentName } from "../../src/journal/segment-name.js";
import { commit, header, lines, range, readBack } from "../support/journal-folder.js";
import { overlaidFiles } from "../support/overlaid-files.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** Three segments of two owners: 1 to 3 and 4 to 6 of the first, 7 to 9 of the second. */
function segments(): Map<string, Buffer> {
  const names = [header(), header({ first: 4 }), header({ epoch: 2, first: 7 })].map(formatSegmentName);
  const files = new Map<string, Buffer>();
  let previous: { segment: string; length: number } | null = null;
  for (const [index, name] of names.entries()) {
    const first = index * 3 + 1;
    const start = header({ epoch: index === 2 ? 2 : 1, first, previous });
    const content = lines(start, ...range(first, first + 2).map((sequence) => commit(sequence)), {
      durable: first + 2,
    });
    previous = { segment: name, length: content.length };
    files.set(name, index === 2 ? Buffer.concat([content, Buffer.alloc(400)]) : content);
  }
  return files;
}

const whole = segments();
const written = new Map(range(1, 9).map((sequence) => [sequence, JSON.stringify(commit(sequence))]));
const offset = fc.nat(1_200);

/** What may happen to a file. */
const mishap = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: offset, mask: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant("zeros" as const), at: offset, length: fc.nat(300) }),
  fc.record({ kind: fc.constant("cut" as const), at: offset }),
  fc.record({ kind: fc.constant("insert" as const), at: offset, bytes: fc.uint8Array({ maxLength: 60 }) }),
  fc.record({ kind: fc.constant("garbage" as const), bytes: fc.uint8Array({ maxLength: 400 }) }),
  fc.record({ kind: fc.constant("vanish" as const) }),
);
type Mishap = typeof mishap extends fc.Arbitrary<infer Value> ? Value : never;

function befall(bytes: Buffer, what: Mishap): Buffer | undefined {
  switch (what.kind) {
    case "flip": {
      const changed = Buffer.from(bytes);
      if (what.at < changed.length) changed[what.at] = (changed[what.at] as number) ^ what.mask;
      return changed;
    }
    case "zeros":
      return Buffer.from(bytes).fill(0, Math.min(what.at, bytes.length), Math.min(what.at + what.length, bytes.length));
    case "cut":
      return bytes.subarray(0, what.at);
    case "insert":
      return Buffer.concat([bytes.subarray(0, what.at), what.bytes, bytes.subarray(what.at)]);
    case "garbage":
      return Buffer.from(what.bytes);
    case "vanish":
      return undefined;
  }
}

test("whatever happens to a journal, reading it ends, typed, in order, with nothing that was not written", async () => {
  await using folder = await temporaryFolder();
  const mishaps = fc.array(fc.record({ segment: fc.nat(2), what: mishap }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(mishaps, fc.option(fc.nat(9), { nil: undefined }), async (happened, above) => {
      const files = new Map<string, Buffer>(whole);
      for (const { segment, what } of happened) {
        const name = [...whole.keys()][segment] as string;
        const bytes = files.get(name);
        const after = bytes === undefined ? undefined : befall(bytes, what);
        if (after === undefined) files.delete(name);
        else files.set(name, after);
      }
      const fileSystem = overlaidFiles(new Map([...files].map(([name, bytes]) => [join(folder.path, name), bytes])));
      const { commits, sequences, reading } = await readBack(folder.path, { fileSystem, above });
      for (const found of commits) expect(JSON.stringify(found)).toBe(written.get(found.sequence));
      expect(sequences).toEqual([...new Set(sequences)].sort((left, right) => left - right));
      // Every number below the end was applied, is elsewhere, or is named.
      const lost = reading.lost.flatMap(({ first, last }) => range(first, last));
      const begin = above ?? Math.min(...sequences, ...lost, 10) - 1;
      expect([...sequences, ...lost].sort((left, right) => left - right)).toEqual(
        range(begin + 1, Math.max(begin, reading.lastSequence)),
      );
    }),
    { numRuns: 1_000 },
  );
});
