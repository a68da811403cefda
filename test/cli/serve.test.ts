import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runCli, RunningCli, startCli, valuesOf } from "./cli-process.js";
import { temporaryFolder } from "./temporary-folder.js";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

/** Where a service for people says that it serves. */
function addressIn(text: string): string | undefined {
  return /^Serving on (http:\/\/\S+)$/m.exec(text)?.[1];
}

async function addressOf(running: RunningCli): Promise<string> {
  await running.until((stdout) => addressIn(stdout) !== undefined);
  return addressIn(running.stdout) ?? "";
}

async function createConversation(address: string): Promise<string> {
  const response = await fetch(new URL("/v1/conversations", address), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { id: string }).id;
}

describe("serve", () => {
  test("killed with SIGKILL and started again, it prints what it recovered and serves at once", async () => {
    await using folder = await temporaryFolder();
    await using first = startCli(["serve", "--port", "0"], { in: folder.path });
    const id = await createConversation(await addressOf(first));
    expect(first.stdout).toMatch(/^Recovery +created: /m);
    first.kill("SIGKILL");
    await first.ended;

    await using second = startCli(["serve", "--port", "0"], { in: folder.path });
    const address = await addressOf(second);
    expect(second.stdout).toMatch(/^Recovery +recovered: /m);
    expect(second.stdout).toMatch(
      new RegExp(`^Taken +epoch 2; the previous writer is dead \\(pid ${first.child.pid ?? 0} on `, "m"),
    );
    expect(second.stdout).toMatch(/^Replayed +[1-9]\d* commits? /m);
    expect(second.stdout).toMatch(/^Lost +nothing$/m);
    expect(second.stdout.split("\n").length).toBeLessThan(24);
    const response = await fetch(new URL(`/v1/conversations/${id}`, address));
    expect(response.status).toBe(200);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("stops in order on %s", async (signal) => {
    await using folder = await temporaryFolder();
    await using serving = startCli(["serve", "--port", "0", "--json"], { in: folder.path });
    await serving.until((stdout) => stdout.includes('"event":"listening"'));
    serving.kill(signal);
    expect(await serving.ended).toMatchObject({ code: 0, signal: null });
    expect((serving.values as { event: string }[]).map(({ event }) => event)).toEqual([
      "opened",
      "listening",
      "stopping",
      "stopped",
    ]);
    expect(JSON.parse((await runCli(["recover", "--json"], { in: folder.path })).stdout)).toMatchObject({
      outcome: "clean",
    });
  });

  test("ends at once on a second signal, while a request is still in flight", async () => {
    await using folder = await temporaryFolder();
    await using serving = startCli(["serve", "--port", "0", "--json"], { in: folder.path });
    await serving.until((stdout) => stdout.includes('"event":"listening"'));
    const { url } = valuesOf(serving.stdout).at(-1) as { url: string };
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    // The process that ends resets the connection.
    socket.on("error", () => socket.destroy());
    await once(socket, "connect");
    const head = "POST /v1/conversations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
    socket.write(`${head}content-length: 100\r\n\r\n{`);
    // Answered after the other request has been read: by then that one is in flight.
    expect((await fetch(new URL("/livez", url))).status).toBe(200);
    serving.kill("SIGTERM");
    await serving.until((stdout) => stdout.includes('"event":"stopping"'));
    // One that follows at once is the echo of the first; this one comes later.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(serving.child.exitCode).toBeNull();
    serving.kill("SIGTERM");
    expect(await serving.ended).toMatchObject({ code: 1, signal: null });
    expect(serving.stdout).not.toContain('"event":"stopped"');
    expect((await runCli(["recover"], { in: folder.path })).code).toBe(0);
  });

  test("can be stopped while it waits for the directory", async () => {
    await using folder = await temporaryFolder();
    await using holding = startCli(["serve", "--port", "0", "--json"], { in: folder.path });
    await holding.until((stdout) => stdout.includes('"event":"listening"'));
    await using waiting = startCli(["serve", "--port", "0", "--json", "--wait", "600"], { in: folder.path });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    waiting.kill("SIGTERM");
    expect(await waiting.ended).toMatchObject({ code: 0, signal: null, stdout: "" });
  });

  test("serves where file, environment and flags say, the flags first", async () => {
    await using folder = await temporaryFolder();
    const environment = { HOLDFAST_PORT: "1", HOLDFAST_DIRECTORY: "elsewhere" };
    await using serving = startCli(["serve", "--port", "0", "--host", "localhost", "--json"], {
      in: folder.path,
      environment,
    });
    await serving.until((stdout) => stdout.includes('"event":"listening"'));
    const [opened, listening] = valuesOf(serving.stdout) as [{ directory: string }, { url: string }];
    expect(opened.directory).toMatch(/elsewhere$/);
    expect(Number(new URL(listening.url).port)).toBeGreaterThan(1);
  });

  test("is refused an address that others can reach", async () => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await runCli(["serve", "--host", "0.0.0.0", "--port", "0"], { in: folder.path });
    expect(code).toBe(2);
    expect(stderr).toContain("INVALID_CONFIG");
    expect(stderr).toContain("0.0.0.0");
  });
});

describe("npm start", () => {
  /** As `npm start` runs it, with npm between, but in a working directory of the test's own. */
  function npmStart(folder: string): RunningCli {
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_"));
    return new RunningCli(
      spawn("npm", ["start", "--ignore-scripts", "--silent", "--", "--port", "0", "--directory", folder], {
        cwd: checkout,
        env: Object.fromEntries(environment),
        stdio: ["pipe", "pipe", "pipe"],
      }),
    );
  }

  test("when npm is killed with SIGKILL, no orphan holds the directory, and the next start recovers", async () => {
    await using folder = await temporaryFolder();
    await using first = npmStart(folder.path);
    const id = await createConversation(await addressOf(first));
    first.kill("SIGKILL");
    // Its pipes close only when the service, which inherited them, is gone too.
    await first.ended;

    await using second = npmStart(folder.path);
    const address = await addressOf(second);
    expect(second.stdout).toMatch(/^Recovery +recovered: /m);
    expect((await fetch(new URL(`/v1/conversations/${id}`, address))).status).toBe(200);
    second.kill("SIGTERM");
    const { stdout, stderr } = await second.ended;
    expect(stdout).toMatch(/^Stopped$/m);
    // Where closing could not do all it should, it says so here.
    expect(stderr).not.toContain("Warning");
    const recovered = await runCli(["recover", "--directory", folder.path, "--json"], { in: folder.path });
    expect(JSON.parse(recovered.stdout)).toMatchObject({ outcome: "clean", takeover: { how: "released" } });
  });
});
