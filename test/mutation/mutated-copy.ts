import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { mutate, type Mutation } from "./mutation.js";

/** What the tests need of a checkout. */
const copied = [
  "src",
  "test",
  "examples",
  "schemas",
  "dist",
  "build",
  "package.json",
  "vitest.config.ts",
  "tsconfig.base.json",
];

/**
 * A copy of the checkout, to be changed and tested. Tests import the sources, their child processes what was built, so a
 * mutation is put into both. Installed packages are linked one by one: whatever is cached beside them stays in the copy.
 */
export class MutatedCopy implements AsyncDisposable {
  readonly root: string;
  readonly #isKept: boolean;

  private constructor(root: string, isKept: boolean) {
    this.root = root;
    this.#isKept = isKept;
  }

  /** @param checkout built, sources and programs. */
  static async of(checkout: string, options: { readonly keep: boolean }): Promise<MutatedCopy> {
    const copy = new MutatedCopy(await mkdtemp(join(tmpdir(), "holdfast-mutation-")), options.keep);
    // Tests of lost permissions run programs of it as somebody who owns nothing.
    await chmod(copy.root, 0o755);
    for (const name of copied) await cp(join(checkout, name), join(copy.root, name), { recursive: true });
    const packages = join(checkout, "node_modules");
    await mkdir(join(copy.root, "node_modules"));
    for (const name of await readdir(packages)) {
      if (name === ".vite" || name === ".vite-temp") continue;
      await symlink(join(packages, name), join(copy.root, "node_modules", name));
    }
    return copy;
  }

  /** Puts the bug in, does the work, and puts things right again. */
  async with<Result>(mutation: Mutation, work: () => Promise<Result>): Promise<Result> {
    const source = join(this.root, mutation.file);
    const built = join(this.root, "dist", relative("src", mutation.file).replace(/\.ts$/, ".js"));
    const originals = [source, built].map(async (path) => ({ path, text: await readFile(path, "utf8") }));
    const [inSource, inBuilt] = await Promise.all(originals);
    const mutated = mutate(inSource?.text ?? "", mutation);
    await writeFile(source, mutated);
    await writeFile(built, compiled(mutated, mutation));
    try {
      return await work();
    } finally {
      for (const original of [inSource, inBuilt])
        if (original !== undefined) await writeFile(original.path, original.text);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isKept) console.error(`The copy is in ${this.root}.`);
    else await rm(this.root, { recursive: true, force: true });
  }
}

/** As the build compiles it: every file by itself, as the build's own settings demand that it can be. */
function compiled(text: string, { name, file }: Mutation): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(text, {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      isolatedModules: true,
      verbatimModuleSyntax: true,
    },
  });
  if (diagnostics.length > 0) {
    const messages = diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
    throw new Error(`The mutation ${name} makes ${dirname(file)} no program: ${messages.join("; ")}`);
  }
  return outputText;
}
