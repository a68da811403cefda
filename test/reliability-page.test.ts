import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../scripts/check-reliability.mjs", import.meta.url));

test("docs/reliability.md names tests that exist and are run; see scripts/check-reliability.mjs", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  expect(stdout).toMatch(/^\d+ rows, each shown by tests\.$/m);
});
