// What docs/mutations.md tells: which test noticed which mutation. See test/mutation/ for how it comes to know.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join("test", "mutation", "mutations");

/**
 * The mutations that were noticed when they were tried, and are still there, by name.
 *
 * @returns {Map<string, { file: string, test: string }>} the test with its groups before it, parted by blanks.
 */
export function mutationsOf(root) {
  const sources = readdirSync(join(root, folder)).map((name) => readFileSync(join(root, folder, name), "utf8"));
  const page = readFileSync(join(root, "docs", "mutations.md"), "utf8");
  const rows = page.matchAll(/^\| `([a-z-]+)` \| .* \| `(test\/[^`]+)`: (.*) \| \d+ \|$/gm);
  return new Map(
    [...rows]
      .filter(([, name]) => sources.some((source) => source.includes(`name: "${name}",`)))
      .map(([, name, file, test]) => [name, { file, test: test.replaceAll("\\|", "|") }]),
  );
}

/** Whether the test that noticed a mutation is this one; in a title as the source has it stand `%s` and `${…}`. */
export function caughtBy(mutation, { file, title = "" }) {
  const pattern = title
    .replaceAll(" > ", " ")
    .split(/%s|\$\{[^}]*\}/)
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(".+");
  return file === mutation.file && new RegExp(`^${pattern}$`, "s").test(mutation.test);
}
