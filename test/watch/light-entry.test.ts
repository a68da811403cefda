import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const sources = fileURLToPath(new URL("../../src", import.meta.url));

/** Everything that loading a module loads: its own files, relative to `src`, and the packages. Types load nothing. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  const name = relative(sources, file);
  if (seen.has(name)) return seen;
  seen.add(name);
  const statements = readFileSync(file, "utf8").matchAll(/^(?:import|export)(?! type)[^;]*?from "([^"]+)";/gm);
  for (const [, specifier = ""] of statements) {
    if (specifier.startsWith(".")) loadedBy(resolve(dirname(file), specifier.replace(/\.js$/, ".ts")), seen);
    else seen.add(specifier);
  }
  return seen;
}

test("the watch entry loads neither the store nor the server", () => {
  const loaded = [...loadedBy(join(sources, "watch", "index.ts"))];
  expect(loaded).toContain("watch/status-observer.ts");
  expect(
    loaded.filter((name) => /^(store|journal|documents|surfaces|server|cli|config|collections)\//.test(name)),
  ).toEqual([]);
  expect(loaded.filter((name) => !name.endsWith(".ts") && !name.startsWith("node:"))).toEqual(["zod"]);
});
