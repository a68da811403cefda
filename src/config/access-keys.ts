import { createHash } from "node:crypto";
import { z } from "zod";
import { HoldfastError, type Problem } from "../errors.js";
import { readSettingsFile } from "./config-file.js";
import { keysVariable } from "./environment.js";
import { pointerOf } from "./layer.js";

/** What a key of the service may do, each including those before it; `docs/http.md` says what that is. */
export const keyRoles = ["viewer", "detail", "writer", "admin"] as const;
export type KeyRole = (typeof keyRoles)[number];

/** A key of the service. The key itself is hashed as soon as it is read, and kept nowhere. */
export interface ConfiguredKey {
  readonly name: string;
  readonly role: KeyRole;
  /** SHA-256 of the key, as 64 lowercase hex digits. */
  readonly sha256: string;
}

/** What fits in `Authorization: Bearer`. Shorter ones can be guessed. */
const keySchema = z
  .string()
  .regex(/^[\x21-\x7e]{16,512}$/, "must be 16 to 512 printable characters without spaces")
  .describe("The key itself. Better give its hash.");

const entrySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, "must be 1 to 64 of letters, digits, ., _ and -")
      .describe("Whose it is, for logs and limits. Not secret."),
    role: z.enum(keyRoles),
    key: keySchema.optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, "must be a SHA-256 as 64 hex digits")
      .optional()
      .describe("SHA-256 of the key, so that the file does not hold it."),
  })
  .refine(({ key, sha256 }) => (key === undefined) !== (sha256 === undefined), "must have either key or sha256");

const keysFileSchema = z.strictObject({ keys: z.array(entrySchema).min(1).max(1000) });

/**
 * Reads the keys of the service, from a file and from `HOLDFAST_KEYS`: `role:key,role:key`. A key from there is named
 * for its place, `environment-1`.
 *
 * @param file absolute.
 * @returns `undefined` if neither is given: the service then asks for no keys.
 * @throws HoldfastError `INVALID_CONFIG` with every problem listed. No message holds a key or a part of one.
 */
export async function loadAccessKeys(
  file: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ConfiguredKey[] | undefined> {
  const text = environment[keysVariable];
  if (file === null && text === undefined) return undefined;
  const fromFile = file === null ? { keys: [], problems: [] } : await keysOfFile(file);
  const fromEnvironment = text === undefined ? { keys: [], problems: [] } : keysOfText(text);
  const keys = [...fromFile.keys, ...fromEnvironment.keys];
  const problems = [...fromFile.problems, ...fromEnvironment.problems];
  if (problems.length === 0) problems.push(...repeatedIn(keys));
  if (problems.length > 0) {
    throw HoldfastError.ofProblems("INVALID_CONFIG", "The keys of the service are not valid.", problems);
  }
  return keys;
}

interface Reading {
  readonly keys: ConfiguredKey[];
  readonly problems: Problem[];
}

async function keysOfFile(file: string): Promise<Reading> {
  const content = await readSettingsFile(file, { kind: "keys file", isSecret: true });
  const result = keysFileSchema.safeParse(content);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => ({
      path: pointerOf(issue.path),
      // The names of unknown members are content too: a key in the wrong place could be one.
      message: `${issue.code === "unrecognized_keys" ? "has members that are not known" : issue.message} (file ${file})`,
    }));
    return { keys: [], problems };
  }
  const keys = result.data.keys.map(({ name, role, key, sha256 }) => ({
    name,
    role,
    sha256: sha256?.toLowerCase() ?? hashOf(key ?? ""),
  }));
  return { keys, problems: [] };
}

function keysOfText(text: string): Reading {
  const keys: ConfiguredKey[] = [];
  const problems: Problem[] = [];
  for (const [index, entry] of text.split(",").entries()) {
    const colon = entry.indexOf(":");
    const role = keyRoles.find((one) => one === entry.slice(0, colon).trim());
    const key = keySchema.safeParse(entry.slice(colon + 1).trim());
    const where = `Entry ${index + 1} of ${keysVariable}`;
    if (colon < 0 || role === undefined) {
      problems.push({ path: "", message: `${where} must be role:key, with one of ${keyRoles.join(", ")}` });
    } else if (!key.success) {
      problems.push({ path: "", message: `${where}: the key ${key.error.issues[0]?.message ?? "is not valid"}` });
    } else {
      keys.push({ name: `environment-${index + 1}`, role, sha256: hashOf(key.data) });
    }
  }
  return { keys, problems };
}

/** A name or key that is given twice: which of the two roles it should have is not ours to guess. */
function* repeatedIn(keys: readonly ConfiguredKey[]): Generator<Problem> {
  const names = new Set<string>();
  const owners = new Map<string, string>();
  for (const { name, sha256 } of keys) {
    const owner = owners.get(sha256);
    if (names.has(name)) yield { path: "", message: `The name ${name} is given to two keys` };
    else if (owner !== undefined) yield { path: "", message: `${owner} and ${name} have the same key` };
    names.add(name);
    owners.set(sha256, name);
  }
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
