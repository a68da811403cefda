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
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "it does not exist" : (cause as Error).message;
    throw new HoldfastError("INVALID_CONFIG", `The configuration file ${path} can not be read: ${reason}.`, {
      cause,
      details: { file: path },
    });
  }
  return { path, content: parseConfig(path, text) };
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
function parseConfig(path: string, withMark: string): unknown {
  const text = withMark.replace(/^\uFEFF/, "");
  const isYaml = extname(path) !== ".json";
  if (!isYaml) {
    try {
      JSON.parse(text);
    } catch (cause) {
      throw unparsable(path, "JSON", [(cause as Error).message], cause);
    }
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, version: "1.2" });
  const problems = [...document.errors, ...document.warnings].map((error) => {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    return `line ${line}, column ${col}: ${error.message}`;
  });
  if (problems.length > 0) throw unparsable(path, isYaml ? "YAML" : "JSON", problems);
  try {
    // An empty file, or one of comments only, sets nothing.
    return document.toJS() ?? {};
  } catch (cause) {
    // Too many or unresolvable aliases are only found here.
    throw unparsable(path, "YAML", [(cause as Error).message], cause);
  }
}

function unparsable(path: string, language: string, messages: readonly string[], cause?: unknown): HoldfastError {
  const problems = messages.map((message) => ({ path: "", message }));
  const { message } = HoldfastError.ofProblems(
    "INVALID_CONFIG",
    `The configuration file ${path} is not valid ${language}.`,
    problems,
  );
  return new HoldfastError("INVALID_CONFIG", message, { cause, problems, details: { file: path } });
}
