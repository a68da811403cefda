import { z } from "zod";
import { HoldfastError } from "../../errors.js";
import type { FileSystem } from "../../files/file-system.js";
import type { LineProblems } from "../line-problems.js";
import { jsonOf, linesOf } from "../lines.js";

const entrySchema = z.looseObject({
  key: z.string(),
  /** As JSON, or as the text of JSON, which is what `redis-cli` gives. `null`: the key went while it was being read. */
  value: z.unknown(),
  /** What `PTTL` says: milliseconds, or -1 for a key that does not expire. */
  pttl: z.int().optional(),
});

/** A key of the reference's and what it held. */
export interface RedisEntry {
  /** Its line, or its place in an array, from 1. */
  readonly number: number;
  readonly kind: "response" | "conversation";
  readonly value: unknown;
  /** Milliseconds that were left to it. */
  readonly pttl: number | undefined;
  /** How much it is, about, as text. */
  readonly size: number;
}

/** `<prefix>response:<id>`; the prefix can be set. */
const keyPattern = /^(?:.*?:)?(response|conversation):(.+)$/;
const openingBracket = 0x5b;
const longestArrayBytes = 256 * 1024 * 1024;

/**
 * Reads a dump of the reference's keys: a line of JSON for each, or all of them as one JSON array.
 *
 * @param problems is told what is wrong, and what is wrong is left out.
 * @throws HoldfastError `DOCUMENT_TOO_LARGE`
 */
export async function* redisEntries(
  fileSystem: FileSystem,
  path: string,
  limitBytes: number,
  problems: LineProblems,
): AsyncGenerator<RedisEntry> {
  for await (const { number, value, size } of valuesOf(fileSystem, path, limitBytes, problems)) {
    const entry = entrySchema.safeParse(value);
    if (!entry.success) {
      problems.noteIssues(number, entry.error.issues);
      continue;
    }
    const kind = keyPattern.exec(entry.data.key)?.[1];
    if (kind === undefined) {
      problems.add(number, "/key", "must be <prefix>response:<id> or <prefix>conversation:<id>");
      continue;
    }
    if (entry.data.value === null) continue;
    const pttl = entry.data.pttl === undefined || entry.data.pttl < 0 ? undefined : entry.data.pttl;
    try {
      const held: unknown = typeof entry.data.value === "string" ? JSON.parse(entry.data.value) : entry.data.value;
      yield { number, kind: kind as RedisEntry["kind"], value: held, pttl, size };
    } catch (error) {
      problems.note(number, error);
    }
  }
}

interface FoundValue {
  readonly number: number;
  readonly value: unknown;
  readonly size: number;
}

async function* valuesOf(
  fileSystem: FileSystem,
  path: string,
  limitBytes: number,
  problems: LineProblems,
): AsyncGenerator<FoundValue> {
  if (await beginsAnArray(fileSystem, path)) {
    yield* elementsOf(fileSystem, path, problems);
    return;
  }
  for await (const { number, bytes } of linesOf(fileSystem, path, limitBytes)) {
    if (bytes.toString("latin1").trim() === "") continue;
    try {
      yield { number, value: jsonOf(bytes), size: bytes.length };
    } catch (error) {
      problems.note(number, error);
    }
  }
}

async function beginsAnArray(fileSystem: FileSystem, path: string): Promise<boolean> {
  const file = await fileSystem.open(path, "read");
  try {
    const buffer = Buffer.alloc(4096);
    const count = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, count).find((byte) => byte > 0x20) === openingBracket;
  } finally {
    await file.close();
  }
}

/** An array has no lines: it is read as a whole, so it must not be too large. */
async function* elementsOf(fileSystem: FileSystem, path: string, problems: LineProblems): AsyncGenerator<FoundValue> {
  const size = (await fileSystem.status(path))?.size ?? 0;
  if (size > longestArrayBytes) {
    throw new HoldfastError(
      "DOCUMENT_TOO_LARGE",
      `${path} is one JSON array of ${size} bytes; up to ${longestArrayBytes} are read at once. Make lines of it first: jq -c '.[]'.`,
      { details: { size, limitBytes: longestArrayBytes } },
    );
  }
  let elements: unknown;
  try {
    elements = jsonOf(await fileSystem.readFile(path));
  } catch (error) {
    problems.note(1, error);
    return;
  }
  for (const [index, value] of (elements as unknown[]).entries()) {
    yield { number: index + 1, value, size: JSON.stringify(value).length };
  }
}
