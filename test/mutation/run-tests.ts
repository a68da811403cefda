import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";

/** What came of running test files. */
export type TestOutcome =
  | { readonly kind: "passed"; readonly tests: number }
  | { readonly kind: "failed"; readonly file: string; readonly test: string; readonly messages: readonly string[] }
  /** No test failed, and yet the run did: it did not load, or did not end. */
  | { readonly kind: "broken"; readonly why: string };

/** A test that hangs is noticed by its own time limit; this, for each file, is for a run that not even that ends. */
const longestFileMs = 300_000;
const longestTestMs = 30_000;
const resultsName = "mutation-results.json";

interface Results {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message?: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Runs test files of a checkout, up to the first test that fails. */
export async function runTests(root: string, files: readonly string[]): Promise<TestOutcome> {
  const resultsPath = join(root, resultsName);
  await rm(resultsPath, { force: true });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = ["run", ...files, "--bail=1", "--reporter=json", `--outputFile=${resultsPath}`];
  const limits = [`--testTimeout=${longestTestMs}`, `--hookTimeout=${longestTestMs}`];
  // A group of its own, so that whatever the tests have started ends with them.
  const child = spawn(process.execPath, [vitest, ...args, ...limits], { cwd: root, stdio: "ignore", detached: true });
  const longestRunMs = files.length * longestFileMs;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    endGroup(child.pid);
  }, longestRunMs);
  try {
    await once(child, "close");
  } finally {
    clearTimeout(timer);
    endGroup(child.pid);
  }
  if (late.signal.aborted) return { kind: "broken", why: `did not end within ${longestRunMs / 1000} s` };
  return outcomeOf(root, await readResults(resultsPath));
}

async function readResults(path: string): Promise<Results> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Results;
  } catch (error) {
    throw new Error("vitest ended without results", { cause: error });
  }
}

function outcomeOf(root: string, { numPassedTests, testResults }: Results): TestOutcome {
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === "failed");
    if (failed === undefined) continue;
    const { fullName: test, failureMessages: messages = [] } = failed;
    return { kind: "failed", file: relative(root, name), test, messages };
  }
  const unloaded = testResults.find(({ status }) => status === "failed");
  if (unloaded !== undefined)
    return { kind: "broken", why: `${relative(root, unloaded.name)}: ${unloaded.message ?? ""}` };
  if (numPassedTests === 0) return { kind: "broken", why: "no test ran" };
  return { kind: "passed", tests: numPassedTests };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // All of them have ended, which is what is wanted.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
