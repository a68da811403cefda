import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { exitCodes, exitOf } from "../src/cli/exit-codes.js";
import { errorCodes, HoldfastError, type ErrorCode } from "../src/errors.js";
import { errorTable } from "../src/server/errors/error-table.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = join(root, "src");

/** What each part may import: the parts below it. A part that is not listed fails the test, so that it gets a place. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  version: [],
  collections: ["errors"],
  config: ["errors"],
  cache: ["errors"],
  files: ["errors"],
  journal: ["errors", "files"],
  documents: ["errors", "files"],
  packs: ["collections", "documents", "errors", "files"],
  locking: ["errors", "files"],
  blobs: ["collections", "errors", "files"],
  store: ["blobs", "collections", "documents", "errors", "files", "journal", "locking", "packs", "version"],
  watch: ["errors", "files", "locking"],
  surfaces: ["collections", "errors", "watch"],
  // The startup status is reported while there is no store yet, and when there is none any more: it has its own file.
  "surfaces/startup": ["collections", "errors", "files", "locking", "store", "surfaces", "watch"],
  "built-in-surfaces": ["collections", "errors", "store", "surfaces", "surfaces/startup"],
  contract: ["cache", "collections", "errors", "surfaces", "surfaces/startup"],
  "open-state-directory": [
    "built-in-surfaces",
    "collections",
    "contract",
    "errors",
    "files",
    "store",
    "surfaces",
    "surfaces/startup",
    "watch",
  ],
  backup: ["blobs", "documents", "errors", "files", "journal", "locking", "packs", "store", "version"],
  transfer: [
    "backup",
    "blobs",
    "collections",
    "documents",
    "errors",
    "files",
    "store",
    "surfaces",
    "surfaces/startup",
    "version",
  ],
  server: ["collections", "contract", "errors", "open-state-directory", "surfaces", "version", "watch"],
  cli: [
    "backup",
    "blobs",
    "built-in-surfaces",
    "collections",
    "config",
    "contract",
    "errors",
    "open-state-directory",
    "server",
    "store",
    "surfaces",
    "transfer",
    "version",
    "watch",
  ],
  // The entries of the package, and of the generator of schemas.
  index: [
    "cache",
    "collections",
    "contract",
    "errors",
    "open-state-directory",
    "store",
    "surfaces",
    "surfaces/startup",
    "version",
    "watch",
  ],
  schemas: ["config", "contract", "store", "watch"],
};

/** Who may use the system's files besides `files/`, and why. */
const fileUsers: Readonly<Record<string, string>> = {
  "config/config-file.ts": "reads what people wrote, before there is a directory",
  "locking/alive-socket.ts": "reaches a deep folder's socket through a descriptor",
  "locking/process-identity.ts": "reads /proc",
  "version.ts": "reads package.json",
};

interface Source {
  /** Relative to `src`, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sourceFiles(): Source[] {
  const names = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return names.sort().map((name) => {
    const text = readFileSync(join(sources, name), "utf8");
    const imports = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
    return { path: name.split(sep).join("/"), text, imports };
  });
}

const files = sourceFiles();

/** The part of the architecture a file belongs to. */
function partOf(path: string): string {
  const first = (path.split("/")[0] ?? "").replace(/\.ts$/, "");
  return path.startsWith("surfaces/startup/") ? "surfaces/startup" : first;
}

/** The files of `src` that a file imports, relative to `src`. */
function importedBy({ path, imports }: Source): string[] {
  return imports
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => relative(sources, resolve(join(sources, dirname(path)), specifier)))
    .map((name) => name.split(sep).join("/").replace(/\.js$/, ".ts"));
}

describe("the sources", () => {
  test("import downwards only", () => {
    const wrong = files.flatMap((file) => {
      const from = partOf(file.path);
      const allowed = mayImport[from];
      if (allowed === undefined) return [`${file.path} belongs to no known part`];
      return importedBy(file)
        .filter((imported) => partOf(imported) !== from && !allowed.includes(partOf(imported)))
        .map((imported) => `${file.path} imports ${imported}`);
    });
    expect(wrong).toEqual([]);
  });

  test("have an order of parts in which each imports only earlier ones", () => {
    const seen = new Set<string>();
    for (const [part, below] of Object.entries(mayImport)) {
      expect(below.filter((name) => !seen.has(name))).toEqual([]);
      seen.add(part);
    }
  });

  test("import each other without a cycle", () => {
    const graph = new Map(files.map((file) => [file.path, importedBy(file)]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
        return;
      }
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  test("import files that exist", () => {
    const known = new Set(files.map(({ path }) => path));
    const missing = files.flatMap((file) => importedBy(file).filter((imported) => !known.has(imported)));
    expect(missing).toEqual([]);
  });

  test("leave the system's files to files/, with few exceptions", () => {
    const users = files
      .filter(({ imports }) => imports.some((name) => /^(node:)?fs(\/|$)/.test(name)))
      .map(({ path }) => path)
      .filter((path) => !path.startsWith("files/"));
    expect(users).toEqual(Object.keys(fileUsers).sort());
  });

  test("are short, and named for what they hold", () => {
    const long = files.filter(({ text }) => text.split("\n").length > 450).map(({ path }) => path);
    expect(long).toEqual([]);
    const vague = /(^|[/-])(utils?|helpers?|common|misc|shared)([-./]|$)/;
    expect(files.map(({ path }) => path).filter((path) => vague.test(path) || !/^[a-z0-9/.-]+$/.test(path))).toEqual(
      [],
    );
  });

  test("describe the bytes on disk beside the code that owns them", () => {
    const owners = ["backup", "blobs", "documents", "journal", "locking", "packs", "store", "watch"];
    expect(owners.filter((part) => !existsSync(join(sources, part, "FORMAT.md")))).toEqual([]);
  });
});

describe("docs/errors.md", () => {
  const text = readFileSync(join(root, "docs", "errors.md"), "utf8");
  const codes = Object.keys(errorCodes) as ErrorCode[];

  test("has the same table of codes as the program, with exit codes and HTTP statuses", () => {
    const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (.+) \| (\d) \| (\d{3}) \|$/gm)].map((row) => row.slice(1));
    expect(rows).toEqual(
      codes.map((code) => [
        code,
        errorCodes[code],
        String(exitCodes[exitOf(new HoldfastError(code, ""))].code),
        String(errorTable[code].status),
      ]),
    );
  });

  test("says of every code what to do", () => {
    const advice = text.slice(text.indexOf("## What to do"));
    const advised = [...advice.matchAll(/^\*\*(.+?)\*\*:/gm)].flatMap(([, heads = ""]) =>
      [...heads.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code),
    );
    expect(advised).toEqual(codes);
  });
});
