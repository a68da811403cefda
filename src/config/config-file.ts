import { access, readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { HoldfastError } from "../errors.js";

/** Looked for in the working directory when no file is named. */
export const configFileNames = ["holdfast.config.json", "holdfast.config.yaml", "holdfast.config.yml"] as const;

export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** As parsed: not yet checked against the schema. */
  readonly content: unknown;
}

/**
 * Reads the configuration file: the one named, or the one that lies in the working directory.
 *
 * @param workingDirectory absolute.
 * @param named a path relative to it; it must then exist.
 * @returns `undefined` if none was named and none is there.
 * @throws HoldfastError `INVALID_CONFIG` if it can not be read or parsed, or if several lie there: which of them is
 * meant is not ours to guess.
 */
export async function readConfigFile(workingDirectory: string, named?: string): Promise<ConfigFile | undefined> {
  const path = named === undefined ? await findConfigFile(workingDirectory) : resolve(workingDirectory, named);
  return path === undefined
    ? undefined
    : { path, content: await readSettingsFile(path, { kind: "configuration file", isSecret: false }) };
}

interface SettingsFile {
  /** What it is, for messages: `configuration file`. */
  readonly kind: string;
  /** Whether nothing of its content may get into a message: parsers quote what they can not read. */
  readonly isSecret: boolean;
}

/**
 * Reads a file that people write: JSON, or YAML for any other ending than `.json`.
 *
 * @param path absolute.
 * @returns its content as parsed; an empty object for an empty file.
 * @throws HoldfastError `INVALID_CONFIG` if it can not be read or parsed.
 */
export async function readSettingsFile(path: string, file: SettingsFile): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "it does not exist" : (cause as Error).message;
    throw new HoldfastError("INVALID_CONFIG", `The ${file.kind} ${path} can not be read: ${reason}.`, {
      cause,
      details: { file: path },
    });
  }
  return parseSettings(path, file, text);
}

async function findConfigFile(workingDirectory: string): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of configFileNames) {
    const path = resolve(workingDirectory, name);
    if (await exists(path)) found.push(path);
  }
  if (found.length > 1) {
    throw new HoldfastError(
      "INVALID_CONFIG",
      `There are several configuration files: ${found.join(", ")}. Keep one, or name one with --config.`,
      { details: { files: found } },
    );
  }
  return found[0];
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    // A file that is there but may not be looked at is met, and reported, when it is read.
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

/** JSON is read strictly first; the YAML parser, which reads JSON too, then finds members that are given twice. */
function parseSettings(path: string, file: SettingsFile, withMark: string): unknown {
  const text = withMark.replace(/^\uFEFF/, "");
  const isYaml = extname(path) !== ".json";
  if (!isYaml) {
    try {
      JSON.parse(text);
    } catch (cause) {
      throw unparsable(path, file, "JSON", [{ place: "", cause }]);
    }
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, version: "1.2" });
  const problems = [...document.errors, ...document.warnings].map((cause) => {
    const { line, col } = lineCounter.linePos(cause.pos[0]);
    return { place: `line ${line}, column ${col}: `, cause };
  });
  if (problems.length > 0) throw unparsable(path, file, isYaml ? "YAML" : "JSON", problems);
  try {
    // An empty file, or one of comments only, sets nothing.
    return document.toJS() ?? {};
  } catch (cause) {
    // Too many or unresolvable aliases are only found here.
    throw unparsable(path, file, "YAML", [{ place: "", cause }]);
  }
}

function unparsable(
  path: string,
  { kind, isSecret }: SettingsFile,
  language: string,
  found: readonly { readonly place: string; readonly cause: unknown }[],
): HoldfastError {
  const problems = found.map(({ place, cause }) => ({
    path: "",
    message: `${place}${isSecret ? "can not be read" : (cause as Error).message}`,
  }));
  return HoldfastError.ofProblems("INVALID_CONFIG", `The ${kind} ${path} is not valid ${language}.`, problems, {
    details: { file: path },
    ...(isSecret ? {} : { cause: found[0]?.cause }),
  });
}
