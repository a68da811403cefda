import type { MutatedCopy } from "./mutated-copy.js";
import type { Mutation } from "./mutation.js";
import { runTests, type TestOutcome } from "./run-tests.js";

/** What became of a mutation. */
export interface Verdict {
  readonly mutation: Mutation;
  /** `undefined`: no test noticed it. */
  readonly caughtBy: { readonly file: string; readonly test: string } | undefined;
  /** Why it could not be told, if so: then it counts as not caught. */
  readonly broken: string | undefined;
  readonly seconds: number;
}

/** Runs the tests of a mutation one file after the other, until one of them notices it. */
export async function checkMutation(copy: MutatedCopy, mutation: Mutation): Promise<Verdict> {
  const started = performance.now();
  const verdict = (outcome?: TestOutcome): Verdict => ({
    mutation,
    caughtBy: outcome?.kind === "failed" ? { file: outcome.file, test: outcome.test } : undefined,
    broken: outcome?.kind === "broken" ? outcome.why : undefined,
    seconds: (performance.now() - started) / 1000,
  });
  return copy.with(mutation, async () => {
    for (const file of mutation.tests) {
      const outcome = await runTests(copy.root, [file]);
      if (outcome.kind !== "passed") return verdict(outcome);
    }
    return verdict();
  });
}
