import { spawn } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Layout } from "../../src/files/layout.js";
import { claimName } from "../../src/locking/claim.js";
import { ownIdentity, runsHere } from "../../src/locking/process-identity.js";
import { eventually } from "../support/eventually.js";
import { flipByte } from "../support/flip-byte.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";
import { StateProcess } from "../support/state-process.js";
import { rewriteClaim } from "./rewrite-claim.js";

const waitMs = 600_000;

/** What a test does to the files of the lock. */
type Harm = readonly [what: string, harm: (layout: Layout) => Promise<void>];

const harms: readonly Harm[] = [
  ["nothing", () => Promise.resolve()],
  ["a damaged claim", (layout) => flipByte(join(layout.epochs, claimName(1)), 20)],
  ["no claim", (layout) => rm(join(layout.epochs, claimName(1)))],
  ["an empty claim", (layout) => writeFile(join(layout.epochs, claimName(1)), "")],
  ["no writer.json", (layout) => rm(layout.writer)],
  ["a damaged writer.json", (layout) => flipByte(layout.writer, 20)],
  ["no writer.lock", (layout) => rm(layout.writerLock, { recursive: true })],
  ["no alive.sock", (layout) => rm(layout.aliveSocket)],
  [
    "neither writer.json, writer.lock nor alive.sock",
    async (layout) => {
      for (const path of [layout.writer, layout.writerLock, layout.aliveSocket]) await rm(path, { recursive: true });
    },
  ],
];

describe("with", () => {
  test.each(harms)("%s, a directory whose holder was killed is taken over", async (_, harm) => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory });
    await first.do({ insert: { prefix: "first", count: 3 } });
    await first.kill();
    await harm(new Layout(folder.directory));
    const second = await folder.open({ staleAfterMs: waitMs });
    expect(second.epoch).toBe(2);
    expect(second.recovery.takeover).toMatchObject({ how: "dead", previousEpoch: 1 });
    expect(second.recovery).toMatchObject({ lostSequences: [], lostDocuments: [] });
    expect(second.recovery.journal.replayed).toBeGreaterThanOrEqual(3);
  });

  test.each(harms)(
    "%s, a directory whose holder lives is refused, and free once the holder leaves",
    async (what, harm) => {
      await using folder = await stateFolder();
      await using first = await StateProcess.open({ directory: folder.directory });
      await harm(new Layout(folder.directory));
      const error = await rejectionOf(folder.open());
      expect(error.code).toBe("WRITER_LOCKED");
      if (!what.includes("claim")) expect(error.details).toMatchObject({ pid: first.pid });
      await first.do({ close: true });
      const second = await folder.open();
      expect(second.epoch).toBe(2);
    },
  );
});

describe("a claim", () => {
  test("from another boot is believed until its heartbeat is stale, whatever its socket and pid seem to say", async () => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory });
    await first.do({ insert: { prefix: "first", count: 3 } });
    await first.kill();
    await rewriteClaim(new Layout(folder.directory), 1, { bootId: "another boot" });
    expect((await rejectionOf(folder.open({ staleAfterMs: waitMs }))).code).toBe("WRITER_LOCKED");
    const second = await folder.open({ staleAfterMs: 300, waitMs });
    expect(second.recovery.takeover).toMatchObject({ how: "stale", previousPid: first.pid });
    expect(second.recovery.journal.replayed).toBeGreaterThanOrEqual(3);
  });

  test("of a pid that was given to another process is that of a dead one", async () => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory });
    await first.kill();
    // This process has the pid now, and no socket is left to ask.
    const layout = new Layout(folder.directory);
    await rm(layout.aliveSocket);
    await rewriteClaim(layout, 1, { ...ownIdentity(), socket: null });
    expect((await rejectionOf(folder.open())).code).toBe("WRITER_LOCKED");
    await rewriteClaim(layout, 1, { ...ownIdentity(), processStart: "1", socket: null });
    expect((await folder.open()).recovery.takeover).toMatchObject({ how: "dead", previousPid: process.pid });
  });

  test("of a process that has ended but that nobody has collected is that of a dead one", async () => {
    const parent = spawn("sh", ["-c", "sleep 0 & exec sleep 600"], { stdio: "ignore" });
    try {
      const pid = await uncollectedChildOf(parent.pid ?? 0);
      const processStart = (await statOf(pid))[19];
      expect(runsHere({ ...ownIdentity(), pid, processStart: processStart ?? null }, ownIdentity())).toBe(false);
    } finally {
      parent.kill("SIGKILL");
    }
  });
});

/** The fields of a process behind its name; the first is its state. */
async function statOf(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

async function uncollectedChildOf(parent: number): Promise<number> {
  let found = 0;
  await eventually("a process that nobody collects", async () => {
    const children = (await readFile(`/proc/${parent}/task/${parent}/children`, "utf8")).trim();
    if (children === "") return false;
    found = Number(children);
    return (await statOf(found))[0] === "Z";
  });
  return found;
}

const deep = ["so-deep-that-the-name-of-the-socket-is-too-long-for-the-kernel".repeat(2), "state"];

describe.each([
  ["a directory too deep for the name of a socket", true],
  ["a system where no socket can be had", false],
])("in %s", (_, sockets) => {
  test("one writer at a time owns the directory, and the next takes over at once when it was killed", async () => {
    await using folder = await stateFolder();
    const directory = join(folder.directory, ...deep);
    await using first = await StateProcess.open({ directory }, { sockets });
    await first.do({ insert: { prefix: "first", count: 3 } });
    await using second = await StateProcess.start({ sockets });
    const refused = await second.tell({ open: { directory } });
    expect(refused).toMatchObject({ code: "WRITER_LOCKED", details: { pid: first.pid } });
    const waiting = second.do({ open: { directory, waitMs, staleAfterMs: waitMs } });
    await first.kill();
    expect((await waiting).recovery?.takeover).toMatchObject({ how: "dead", previousPid: first.pid });
    await second.do({ insert: { prefix: "second", count: 3 } });
    await second.do({ close: true });
    await using third = await StateProcess.start({ sockets });
    const { recovery } = await third.do({ open: { directory } });
    expect(recovery?.takeover).toMatchObject({ how: "released", previousPid: second.pid });
    const claim = JSON.parse(await readFile(join(directory, "epochs", claimName(3)), "utf8")) as { socket: unknown };
    expect(claim.socket === null).toBe(!sockets);
  });

  test("a paused holder is taken over when asked for, and fenced", async () => {
    await using folder = await stateFolder();
    const directory = join(folder.directory, ...deep);
    const lock = { heartbeatMs: 20, staleAfterMs: 250 };
    await using first = await StateProcess.open({ directory, ...lock }, { sockets });
    await using second = await StateProcess.start({ sockets });
    first.pause();
    const { recovery } = await second.do({ open: { directory, ...lock, takeOver: "paused", waitMs } });
    expect(recovery?.takeover).toMatchObject({ how: "paused", previousPid: first.pid });
    first.resume();
    await first.event(({ condition }) => condition === "fenced");
    await second.do({ insert: { prefix: "second", count: 3 } });
    expect(second.acknowledged).toHaveLength(3);
  });
});

const ownPids = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL"];

/** Namespaces of its own can be given by root only. */
describe.skipIf(process.getuid?.() !== 0)("a holder whose pids mean nothing here, as in another container", () => {
  test("is known by its socket: refused while it lives, followed at once when it was killed", async () => {
    await using folder = await stateFolder();
    const { directory } = folder;
    await using first = await StateProcess.open({ directory }, { within: ownPids });
    await first.do({ insert: { prefix: "first", count: 3 } });
    await using second = await StateProcess.start({ within: ownPids });
    const refused = await second.tell({ open: { directory } });
    // In its own namespace, each of the two is process 1.
    expect(refused).toMatchObject({ code: "WRITER_LOCKED", details: { pid: 1 } });
    expect((await rejectionOf(folder.open())).code).toBe("WRITER_LOCKED");
    const waiting = second.do({ open: { directory, waitMs, staleAfterMs: waitMs } });
    await first.kill();
    const { recovery } = await waiting;
    expect(recovery?.takeover).toMatchObject({ how: "dead", previousPid: 1 });
    expect(recovery?.journal.replayed).toBeGreaterThanOrEqual(3);
  });

  test("is known by its heartbeat where there is no socket either", async () => {
    await using folder = await stateFolder();
    const directory = join(folder.directory, ...deep);
    const lock = { heartbeatMs: 20, staleAfterMs: 1_000 };
    await using first = await StateProcess.open({ directory, ...lock }, { within: ownPids, sockets: false });
    await using second = await StateProcess.start({ sockets: false });
    expect(await second.tell({ open: { directory, ...lock, waitMs: 1_500 } })).toMatchObject({ code: "WRITER_LOCKED" });
    const waiting = second.do({ open: { directory, ...lock, waitMs } });
    await first.kill();
    expect((await waiting).recovery?.takeover).toMatchObject({ how: "stale" });
  });
});
