import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

describe("wrong usage ends with 2 and says what is wrong", () => {
  test.each([
    [[], /Usage: holdfast/],
    [["fly"], /unknown command 'fly'/],
    [["lss"], /Did you mean ls\?/],
    [["get", "notes"], /missing required argument 'id'/],
    [["get", "notes", "n1", "more"], /too many arguments/],
    [["ls", "--colour"], /unknown option '--colour'/],
    [["ls", "--directory"], /argument missing/],
    [["put", "notes", "n1", "{}", "--if-revision", "-1"], /--if-revision.*whole number/],
    [["changes", "--since", "1.5"], /--since.*whole number/],
    [["wait-ready", "--timeout", "soon"], /--timeout.*seconds/],
    [["ls", "--wait", "1e9"], /--wait.*seconds/],
    [["serve", "--port", "70000"], /\/port: .*\(flag --port\)/],
    [["serve", "--log-level", "loud"], /\/logLevel: .*\(flag --log-level\)/],
    [["ls", "--config", "missing.yaml"], /missing\.yaml can not be read/],
    [["put", "notes", "n1", "{"], /The body given is not JSON/],
    [["put", "../notes", "n1", "{}", "--create"], /\/name: must be 1 to 64/],
    [["changes", "--collection", "Not One"], /\/name: must be 1 to 64/],
  ])("%j", async (given, expected) => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await runCli(given, { in: folder.path });
    expect(stderr).toMatch(expected);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("with --json as one line, whatever could not be read", async () => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await runCli(["get", "--json"], { in: folder.path });
    expect(code).toBe(2);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "WRONG_USAGE", message: "missing required argument 'collection'", details: {}, problems: [] },
    });
  });

  test("with --json as one line that lists every problem of the configuration", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "holdfast.config.json"), '{"prot": 1, "limits": {"depth": 0}}');
    const { code, stderr } = await runCli(["config", "--json"], {
      in: folder.path,
      environment: { HOLDFAST_PORT: "x" },
    });
    expect(code).toBe(2);
    const { error } = JSON.parse(stderr) as { error: { code: string; problems: { path: string }[] } };
    expect(error.code).toBe("INVALID_CONFIG");
    expect(error.problems.map(({ path }) => path).sort()).toEqual(["/limits/depth", "/port", "/prot"]);
  });

  test("without letting what is quoted drive the terminal", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "holdfast.config.json"), JSON.stringify({ "\u001b[2J": 1 }));
    const { stderr } = await runCli(["config"], { in: folder.path });
    expect(stderr).toContain("/\\u001b[2J: Unknown setting");
    expect(stderr).not.toContain("\u001b");
    expect((await runCli(["\u001b[2J"], { in: folder.path })).stderr).not.toContain("\u001b");
  });
});

describe("help and version", () => {
  test.each([[["--help"]], [["help", "put"]], [["put", "--help"]]])("%j is printed with 0", async (given) => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await runCli(given, { in: folder.path });
    expect(stdout).toMatch(/^Usage: holdfast/);
    expect(code).toBe(0);
  });

  test("the version is that of the package", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await runCli(["--version"], { in: folder.path });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(code).toBe(0);
  });
});

describe("config", () => {
  test("prints every setting and where it came from, flags before and behind the command", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "ours.yaml"), "port: 1001\nhost: localhost\n");
    const given = ["--config", "ours.yaml", "--wait", "1", "config", "--wait", "2.5"];
    const environment = { HOLDFAST_PORT: "1002" };
    const { code, stdout } = await runCli(given, { in: folder.path, environment });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SETTING +VALUE +FROM\n/);
    expect(stdout).toMatch(/^port +1002 +environment HOLDFAST_PORT$/m);
    expect(stdout).toMatch(/^host +localhost +file .*ours\.yaml$/m);
    expect(stdout).toMatch(/^lock\.waitMs +2500 +flag --wait$/m);
    expect(stdout).toMatch(/^logLevel +info +default$/m);

    const json = await runCli([...given, "--json"], { in: folder.path, environment });
    const { file, settings } = JSON.parse(json.stdout) as { file: string; settings: { name: string }[] };
    expect(file).toBe(join(folder.path, "ours.yaml"));
    expect(settings.find(({ name }) => name === "port")).toEqual({
      name: "port",
      value: 1002,
      origin: { from: "environment", variable: "HOLDFAST_PORT" },
      environmentVariable: "HOLDFAST_PORT",
    });
  });
});
