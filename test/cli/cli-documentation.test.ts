import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/cli/exit-codes.js";
import { bindTo } from "../../src/cli/invocation.js";
import { buildProgram } from "../../src/cli/program.js";

const text = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
const program = buildProgram(
  bindTo(() => undefined),
  () => undefined,
);

describe("docs/cli.md", () => {
  test("has the same table of exit codes as the program", () => {
    const documented = [...text.matchAll(/^\| `(\d)` \| (.+) \|$/gm)].map(([, code, meaning]) => ({
      code: Number(code),
      meaning,
    }));
    expect(documented).toEqual(Object.values(exitCodes));
  });

  test("has a section for every command, and no other", () => {
    const sections = [...text.matchAll(/^### `holdfast ([a-z-]+)/gm)].map(([, name]) => name);
    expect(sections).toEqual(program.commands.map((command) => command.name()));
  });

  test("names every option in the section of its command", () => {
    const shared = new Set(program.options.map(({ long }) => long));
    for (const command of program.commands) {
      const begin = text.indexOf(`### \`holdfast ${command.name()}`);
      const section = text.slice(begin, text.indexOf("\n#", begin + 4));
      const own = command.options.map(({ long }) => long).filter((long) => !shared.has(long));
      expect(own.filter((long) => !section.includes(`\`${long ?? ""}`))).toEqual([]);
    }
    expect([...shared].filter((long) => !text.includes(`\`${long ?? ""}`))).toEqual([]);
  });
});
