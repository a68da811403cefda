import { readdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { serve } from "../../src/server/index.js";
import { readStartupStatus, watchStartupStatus } from "../../src/watch/index.js";
import { runCli, startCli, valuesOf } from "../cli/cli-process.js";
import { eventually } from "../support/eventually.js";
import { treeOf } from "../support/directory-fingerprint.js";
import { temporaryFolder } from "../support/temporary-folder.js";

interface Status {
  readonly phase: string;
  readonly ready: boolean;
  readonly pid?: number;
  readonly transitions?: readonly { readonly phase: string }[];
}

describe("the reference's startup status", () => {
  test("T2: is ready before its listener is bound; ours never is, and whoever sees it can connect", async () => {
    await using folder = await temporaryFolder();
    const watching = new AbortController();
    await using serving = startCli(["serve", "--port", "0", "--json"], { in: folder.path });
    for await (const status of watchStartupStatus(folder.at("state"), { signal: watching.signal })) {
      if (!status.ready) continue;
      // It says where it serves in the message of `ready`.
      const url = /http:\/\/[^ ]+\d/.exec(status.message ?? "")?.[0];
      expect((await fetch(`${url ?? ""}/livez`)).status).toBe(200);
      watching.abort();
    }
    await serving.until((stdout) => stdout.includes('"event":"listening"'));
    const { url } = valuesOf(serving.stdout).at(-1) as { url: string };

    // A port that is taken is one that is never bound.
    await using other = await temporaryFolder();
    const refused = await runCli(["serve", "--port", new URL(url).port], { in: other.path });
    expect(refused.code).not.toBe(0);
    const { stdout } = await runCli(["status", "--json"], { in: other.path });
    const phases = (JSON.parse(stdout) as Status).transitions?.map(({ phase }) => phase);
    expect(phases).toContain("error");
    expect(phases).not.toContain("ready");
  });

  test("T4: moves to a temporary folder that readers can not find; ours is where it was told to be, or nowhere", async () => {
    await using folder = await temporaryFolder();
    await using temporary = await temporaryFolder();
    const environment = { TMPDIR: temporary.path, HOLDFAST_DIRECTORY: folder.at("file", "state") };
    // A file stands where a folder would have to be, which no permission changes.
    await writeFile(folder.at("file"), "");
    const { code, stderr } = await runCli(["serve", "--port", "0"], { in: folder.path, environment });
    expect(code).not.toBe(0);
    expect(stderr).toContain(folder.at("file"));
    expect(await readdir(temporary.path)).toEqual([]);
    expect(await readdir(folder.path)).toEqual(["file"]);
  });

  test("T6: is one for all replicas; ours is one for each directory, and a start beside a ready one leaves it ready", async () => {
    await using folder = await temporaryFolder();
    await using first = await openStateDirectory({ directory: folder.at("one") });
    await using firstService = await serve(first, { port: 0, logLevel: "silent" });
    await first.startup.report({ phase: "ready" });
    await using second = await openStateDirectory({ directory: folder.at("two") });
    await second.startup.report({ phase: "downloading_models", message: "Downloading model /models/a" });
    expect(await readStartupStatus(folder.at("one"))).toMatchObject({ phase: "ready", ready: true });
    expect(await readStartupStatus(folder.at("two"))).toMatchObject({ phase: "downloading_models", ready: false });
    expect((await fetch(`${firstService.url}/ready`)).status).toBe(200);
  });

  test("T8: costs a connection and a probe file each time it is asked for; ours leaves no trace", async () => {
    await using folder = await temporaryFolder();
    await using state = await openStateDirectory({ directory: folder.at("state") });
    await using service = await serve(state, { port: 0, logLevel: "silent" });
    await state.startup.report({ phase: "ready" });
    await eventually("the history has caught up", async () => {
      return (await state.startup.history({ where: { phase: "ready" } })).documents.length === 1;
    });
    // The journal makes itself ready for what comes, and a checkpoint may run; neither has to do with probes.
    const names = async (): Promise<string[]> =>
      (await treeOf(folder.path))
        .map(({ path }) => path)
        .filter((path) => !/journal|collections|checkpoint/.test(path));
    const before = { names: await names(), sequence: state.lastSequence };
    for (let probe = 0; probe < 50; probe += 1) {
      for (const path of ["/ready", "/readyz", "/livez", "/startupz", "/startup-status", "/health"]) {
        expect((await fetch(`${service.url}${path}`)).status).toBe(200);
      }
    }
    expect({ names: await names(), sequence: state.lastSequence }).toEqual(before);
  });

  test("T11: is read in different ways by different readers; ours is one status, whoever asks", async () => {
    await using folder = await temporaryFolder();
    await using state = await openStateDirectory({ directory: folder.at("state") });
    await using service = await serve(state, { port: 0, logLevel: "silent" });
    const models = { ready_models: 1, total_models: 3, downloading_model: "/models/b" };
    await state.startup.report({ phase: "downloading_models", message: "Downloading model /models/b", ...models });
    const told = { phase: "downloading_models", ready: false, ...models };
    const byFile = (await readStartupStatus(folder.at("state"))) as unknown;
    const byCommand = JSON.parse((await runCli(["status", "--json"], { in: folder.path })).stdout) as unknown;
    const byProbe = await (await fetch(`${service.url}/ready`)).json();
    const whole = await (await fetch(`${service.url}/startup-status`)).json();
    for (const status of [byFile, byCommand, byProbe, whole]) expect(status).toMatchObject(told);
  });

  test("T12: honours its override in one program only; ours is found by all of them", async () => {
    await using folder = await temporaryFolder();
    await using elsewhere = await temporaryFolder();
    const where = { in: folder.path, environment: { HOLDFAST_DIRECTORY: elsewhere.at("moved") } };
    await using serving = startCli(["serve", "--port", "0", "--json"], where);
    expect(await runCli(["wait-ready", "--timeout", "600"], where)).toMatchObject({ code: 0 });
    const status = await runCli(["status", "--json"], where);
    expect(JSON.parse(status.stdout)).toMatchObject({ ready: true, pid: serving.child.pid });
    expect(await readdir(folder.path)).toEqual([]);
  });
});
