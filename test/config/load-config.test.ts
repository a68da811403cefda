import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeConfig, loadConfig, type ConfigSources } from "../../src/config/index.js";
import { HoldfastError } from "../../src/errors.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-config-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function load(sources: Partial<ConfigSources> = {}): ReturnType<typeof loadConfig> {
  return await loadConfig({ workingDirectory: folder, environment: {}, ...sources });
}

/** The error that loading ends with; a success fails the test. */
async function refusal(sources: Partial<ConfigSources> = {}): Promise<HoldfastError> {
  try {
    await load(sources);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

async function write(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("defaults", () => {
  test("hold where nothing is said", async () => {
    const { config, origins, file } = await load();
    expect(config).toEqual({
      directory: join(folder, "state"),
      host: "127.0.0.1",
      port: 8650,
      logLevel: "info",
      lock: { waitMs: 0, staleAfterMs: 10_000, heartbeatMs: 2000 },
      networkFileSystem: "refuse",
      journal: { checkpointBytes: 8_388_608, retainBytes: 16_777_216, limitBytes: 536_870_912 },
      packs: {
        atDocuments: 256,
        looseLimit: 512,
        mergeFactor: 4,
        mergeBytesPerSecond: 67_108_864,
        indexCacheBytes: 67_108_864,
      },
      limits: { documentBytes: 16_777_216, depth: 100 },
      responses: { timeToLiveSeconds: 2_592_000 },
      replay: {
        timeToLiveSeconds: 2_592_000,
        maximumCount: 100_000,
        maximumBytes: 1_073_741_824,
        abandonedAfterSeconds: 900,
        captureText: true,
        bodyBytes: 4096,
      },
      files: { limitBytes: 536_870_912, formats: null },
      vectorStores: { ingestion: "none", leaseSeconds: 900 },
      server: { bodyLimitBytes: 16_777_216, requestTimeoutSeconds: 600, keysFile: null, requestsPerMinute: 0 },
    });
    expect(file).toBeUndefined();
    expect(new Set([...origins.values()].map(({ from }) => from))).toEqual(new Set(["default"]));
  });
});

describe("precedence", () => {
  test("is file, then environment, then flags, value by value, and each value keeps its origin", async () => {
    const file = await write("holdfast.config.json", {
      host: "localhost",
      port: 1001,
      logLevel: "warn",
      lock: { waitMs: 1 },
    });
    const { config, origins } = await load({
      environment: { HOLDFAST_PORT: "1002", HOLDFAST_LOG_LEVEL: "debug", UNRELATED: "x" },
      flags: { port: { flag: "--port", text: "1003" } },
    });
    expect(config.host).toBe("localhost");
    expect(config.logLevel).toBe("debug");
    expect(config.port).toBe(1003);
    expect(config.lock).toEqual({ waitMs: 1, staleAfterMs: 10_000, heartbeatMs: 2000 });
    expect(origins.get("host")).toEqual({ from: "file", file });
    expect(origins.get("logLevel")).toEqual({ from: "environment", variable: "HOLDFAST_LOG_LEVEL" });
    expect(origins.get("port")).toEqual({ from: "flag", flag: "--port" });
    expect(origins.get("lock.waitMs")).toEqual({ from: "file", file });
    expect(origins.get("lock.heartbeatMs")).toEqual({ from: "default" });
  });

  test("is told by describeConfig for every setting", async () => {
    const loaded = await load({ environment: { HOLDFAST_LIMITS_DEPTH: "12" } });
    const described = describeConfig(loaded);
    expect(described.find(({ name }) => name === "limits.depth")).toEqual({
      name: "limits.depth",
      value: 12,
      origin: { from: "environment", variable: "HOLDFAST_LIMITS_DEPTH" },
      source: "environment HOLDFAST_LIMITS_DEPTH",
      environmentVariable: "HOLDFAST_LIMITS_DEPTH",
    });
    expect(described.every(({ value }) => value !== undefined)).toBe(true);
  });
});

describe("the file", () => {
  test.each([
    ["holdfast.config.json", '{ "$schema": "./config.schema.json", "port": 7 }'],
    ["holdfast.config.yaml", "# ours\nport: 7\n"],
    ["holdfast.config.yml", "\uFEFFport: 7\n"],
  ])("%s is found in the working directory", async (name, content) => {
    const path = await write(name, content);
    const { config, file } = await load();
    expect(config.port).toBe(7);
    expect(file).toBe(path);
  });

  test("is named by --config before HOLDFAST_CONFIG, and then nothing is searched for", async () => {
    await write("holdfast.config.json", { port: 1 });
    await write("two.yaml", "port: 2");
    await write("three.json", { port: 3 });
    const environment = { HOLDFAST_CONFIG: "two.yaml" };
    expect((await load({ environment })).config.port).toBe(2);
    expect((await load({ environment, file: "three.json" })).config.port).toBe(3);
  });

  test("gives paths relative to its own folder, others are relative to the working directory", async () => {
    await mkdir(join(folder, "etc"));
    await write("etc/ours.yaml", "directory: ./data");
    expect((await load({ file: "etc/ours.yaml" })).config.directory).toBe(join(folder, "etc", "data"));
    await write("etc/keyed.yaml", "server:\n  keysFile: keys.yaml");
    expect((await load({ file: "etc/keyed.yaml" })).config.server.keysFile).toBe(join(folder, "etc", "keys.yaml"));
    const environment = { HOLDFAST_DIRECTORY: "data" };
    expect((await load({ file: "etc/ours.yaml", environment })).config.directory).toBe(join(folder, "data"));
  });

  test("that is empty, or comments only, sets nothing", async () => {
    await write("holdfast.config.yaml", "# nothing yet\n");
    expect((await load()).config.port).toBe(8650);
  });

  test("that is named must exist", async () => {
    const error = await refusal({ file: "missing.yaml" });
    expect(error.code).toBe("INVALID_CONFIG");
    expect(error.message).toContain(`${join(folder, "missing.yaml")} can not be read: it does not exist`);
  });

  test("must be the only one", async () => {
    await write("holdfast.config.json", {});
    await write("holdfast.config.yml", "");
    const error = await refusal();
    expect(error.message).toContain("holdfast.config.json");
    expect(error.message).toContain("holdfast.config.yml");
  });

  test.each([
    ["broken.json", '{"port": 1,}', "is not valid JSON"],
    ["twice.json", '{"port": 1, "port": 2}', "line 1, column 13"],
    ["twice.yaml", "port: 1\nport: 2\n", "line 2, column 1"],
    ["broken.yaml", "lock: [1\n", "is not valid YAML"],
    ["comments.json", '{ /* no */ "port": 1 }', "is not valid JSON"],
  ])("that is malformed (%s) is refused with the place", async (name, content, expected) => {
    const error = await refusal({ file: await write(name, content) });
    expect(error.code).toBe("INVALID_CONFIG");
    expect(error.message).toContain(expected);
  });

  test.each([["[]"], ["7"], ['"port"']])("that holds no object (%s) is refused", async (content) => {
    const error = await refusal({ file: await write("odd.json", content) });
    expect(error.problems.map(({ path }) => path)).toEqual([""]);
  });

  test("can not reach the prototype", async () => {
    const error = await refusal({
      file: await write("odd.json", '{"__proto__": {"port": 1}, "lock": {"constructor": 1}}'),
    });
    expect(error.problems.map(({ path }) => path).sort()).toEqual(["/__proto__", "/lock/constructor"]);
    expect(({} as { port?: number }).port).toBeUndefined();
  });
});

describe("a bad configuration", () => {
  test("is refused with every problem of every source, each with its path", async () => {
    const file = await write(
      "bad.yaml",
      "prot: 1\nport: high\nlock:\n  waitMS: 3\n  staleAfterMs: 3000\nlogLevel: loud\n",
    );
    const error = await refusal({
      file,
      environment: { HOLDFAST_PROT: "1", HOLDFAST_HOST: "", HOLDFAST_LIMITS_DEPTH: "1e1" },
      flags: { port: { flag: "--port", text: "70000" } },
    });
    expect(error.code).toBe("INVALID_CONFIG");
    const found = error.problems.map(({ path, message }) => `${path} ${message}`);
    expect(found).toHaveLength(9);
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\/prot Unknown setting; did you mean port\? \(file .*bad\.yaml\)$/),
        expect.stringMatching(/^\/port .*\(file .*bad\.yaml\)$/),
        expect.stringMatching(/^\/lock\/waitMS Unknown setting; did you mean lock\.waitMs\?/),
        expect.stringMatching(/^\/logLevel .*"trace"\|"debug"/),
        expect.stringMatching(
          /^\/lock\/heartbeatMs must be at most half of lock\.staleAfterMs.*from default.*from file/,
        ),
        expect.stringMatching(/^\/host .*\(environment HOLDFAST_HOST\)$/),
        expect.stringMatching(/^\/limits\/depth .*\(environment HOLDFAST_LIMITS_DEPTH\)$/),
        expect.stringMatching(/^\/port .*\(flag --port\)$/),
        expect.stringMatching(/^ Unknown variable HOLDFAST_PROT in the environment; did you mean HOLDFAST_PORT\?$/),
      ]),
    );
    for (const { path, message } of error.problems)
      expect(error.message).toContain(`${path === "" ? "(whole)" : path}: ${message}`);
  });

  test("does not hide behind a later source", async () => {
    await write("holdfast.config.json", { port: -1 });
    const error = await refusal({ environment: { HOLDFAST_PORT: "80" } });
    expect(error.problems).toHaveLength(1);
  });

  test("is found between values of different sources", async () => {
    await write("holdfast.config.json", { journal: { limitBytes: 2_000_000 } });
    const error = await refusal({ environment: { HOLDFAST_JOURNAL_CHECKPOINT_BYTES: "3000000" } });
    expect(error.problems).toHaveLength(1);
    expect(error.problems[0]?.path).toBe("/journal/limitBytes");
  });

  test("gets no far-fetched suggestion", async () => {
    const error = await refusal({ environment: { HOLDFAST_SOMETHING_ELSE_ALTOGETHER: "1" } });
    expect(error.message).not.toContain("did you mean");
  });
});
