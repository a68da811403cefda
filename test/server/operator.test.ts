import { once } from "node:events";
import type { Socket } from "node:net";
import { z } from "zod";
import { describe, expect, test } from "vitest";
import { defineCollection, type Change } from "../../src/collections/index.js";
import { durabilityContract } from "../../src/contract/index.js";
import { openStateDirectory, type StateDirectory } from "../../src/open-state-directory.js";
import { serve, type ServeOptions, type Service } from "../../src/server/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { EventReader } from "./event-reader.js";
import { bearing, keys } from "./keys.js";
import { runningService } from "./running-service.js";

const notes = defineCollection({ name: "notes", schema: z.looseObject({ text: z.string() }) });

function changesOf(service: { readonly url: string }, query = ""): URL {
  return new URL(`/v1/operator/changes${query}`, service.url);
}

/** Commits documents one by one. @returns the sequence numbers of the commits. */
async function insertNotes(state: StateDirectory, names: readonly string[], text = "a text"): Promise<number[]> {
  const sequences: number[] = [];
  for (const name of names) sequences.push((await state.collection(notes).insert(name, { text })).sequence);
  return sequences;
}

describe("what an operator asks", () => {
  test("the contract is the one that is enforced", async () => {
    await using service = await runningService();
    expect((await service.send("GET", "/v1/operator/contract")).body).toEqual(durabilityContract);
  });

  test("storage is measured by collection and part, and adds up", async () => {
    await using service = await runningService();
    await insertNotes(service.state, ["a", "b", "c"], "x".repeat(10_000));
    await service.state.checkpoint();
    const { status, body } = await service.send("GET", "/v1/operator/storage");
    expect(status).toBe(200);
    const report = body as Awaited<ReturnType<StateDirectory["storage"]>>;
    expect(report.collections["notes"]).toMatchObject({ documents: 3 });
    expect(report.collections["notes"]?.bytes).toBeGreaterThan(30_000);
    expect(report.journal.bytes).toBeGreaterThan(0);
    expect(report.quarantine).toEqual({ files: 0, bytes: 0 });
    expect(report.disk.freeBytes).toBeLessThanOrEqual(report.disk.totalBytes);
    const { journal, blobs, quarantine, other, total } = report;
    const parts = [journal, blobs, quarantine, other, ...Object.values(report.collections)];
    expect(parts.reduce((sum, { files }) => sum + files, 0)).toBe(total.files);
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(total.bytes);
  });
});

describe("the stream of changes", () => {
  test("sends each commit whole, in order, under its sequence number: those before, then those that follow", async () => {
    await using service = await runningService();
    const before = service.state.lastSequence;
    const earlier = await insertNotes(service.state, ["a", "b"]);
    await using reader = await EventReader.open(changesOf(service, `?since=${before}`));
    expect(reader.reply.statusCode).toBe(200);
    expect(reader.reply.headers["content-type"]).toContain("text/event-stream");
    const first = await reader.next();
    expect(first).toMatchObject({
      event: "change",
      id: String(earlier[0]),
      data: {
        sequence: earlier[0],
        operations: [{ type: "put", collection: "notes", id: "a", body: { text: "a text" } }],
      },
    });
    expect(await reader.ids(1)).toEqual([earlier[1]]);
    await service.state.transaction(async (transaction) => {
      await transaction.collection(notes).delete("a");
      await transaction.collection(notes).put("b", { text: "another" });
    });
    const both = (await reader.next())?.data as Change;
    expect(both.operations).toMatchObject([
      { type: "delete", collection: "notes", id: "a", revision: 2 },
      { type: "put", collection: "notes", id: "b", revision: 2 },
    ]);
  });

  test("resumes behind Last-Event-ID, also after a restart, without gap or repeat", async () => {
    await using service = await runningService();
    const before = service.state.lastSequence;
    await insertNotes(service.state, ["a", "b", "c", "d"]);
    const taken: number[] = [];
    {
      await using reader = await EventReader.open(changesOf(service, `?since=${before}`));
      taken.push(...(await reader.ids(2)));
    }
    await service.restart();
    await insertNotes(service.state, ["e"]);
    const { lastSequence } = service.state;
    // The address is the one it began with, as a browser comes again.
    const header = { "last-event-id": String(taken.at(-1)) };
    await using reader = await EventReader.open(changesOf(service, `?since=${before}`), header);
    taken.push(...(await reader.ids(lastSequence - before - 2)));
    expect(taken).toEqual(Array.from({ length: lastSequence - before }, (_, index) => before + 1 + index));
  });

  test("gives a viewer what changed, and detail what is in it", async () => {
    await using service = await runningService({ keys });
    const before = service.state.lastSequence;
    await insertNotes(service.state, ["a"], "the secret of the note");
    const seenBy = async (role: "viewer" | "detail"): Promise<string> => {
      await using reader = await EventReader.open(changesOf(service, `?since=${before}`), bearing(role));
      return JSON.stringify(await reader.next());
    };
    const viewed = await seenBy("viewer");
    expect(viewed).toContain('"operations":[{"type":"put","collection":"notes","id":"a","revision":1}]');
    expect(viewed).not.toContain("secret");
    expect(await seenBy("detail")).toContain("the secret of the note");
  });

  test("shows that it lives while nothing happens", async () => {
    await using service = await runningService({ changeStream: { heartbeatMs: 10 } });
    await using reader = await EventReader.open(changesOf(service));
    const beats: unknown[] = [];
    while (beats.length < 2) {
      const { comment } = (await reader.nextOfAny()) ?? {};
      if (comment !== undefined) beats.push(comment);
    }
    const [sequence] = await insertNotes(service.state, ["a"]);
    expect(await reader.ids(1)).toEqual([sequence]);
  });

  test("refuses a number that is none, or that the store has not reached", async () => {
    await using service = await runningService();
    for (const [query, headers, param] of [
      ["?since=-1", {}, "since"],
      ["?since=soon", {}, "since"],
      [`?since=${service.state.lastSequence + 1}`, {}, "since"],
      ["", { "last-event-id": "x" }, "last-event-id"],
    ] as const) {
      const reply = await service.send("GET", `/v1/operator/changes${query}`, undefined, headers);
      expect(reply).toMatchObject({ status: 400, body: { error: { param } } });
    }
    expect((await service.send("HEAD", "/v1/operator/changes")).status).toBe(405);
  });

  test("ends with the service, which does not wait for it", async () => {
    await using service = await runningService();
    await using reader = await EventReader.open(changesOf(service, `?since=${service.state.lastSequence - 1}`));
    await reader.next();
    const end = reader.next();
    await service.restart();
    // The end of the reply, not of the connection: nothing was cut.
    expect(await end).toBeUndefined();
    expect(reader.reply.complete).toBe(true);
  });
});

/** Small enough that history goes soon. */
const small = { journalRetainBytes: 0, firstSegmentBytes: 16_384, segmentBytes: 16_384 };

describe("a client that takes nothing", () => {
  const text = "x".repeat(256 * 1024);
  /** More than the buffers of two sockets hold. */
  const names = Array.from({ length: 100 }, (_, index) => `note-${index}`);

  test("costs a bounded buffer, and gets everything once it reads", async () => {
    await using service = await openedService({});
    const before = service.state.lastSequence;
    await using reader = await EventReader.open(changesOf(service.service, `?since=${before}`));
    reader.reply.pause();
    const sequences = await insertNotes(service.state, names, text);
    const [socket] = service.sockets;
    // It is stuck: there is more to send than the connection takes.
    await expect.poll(() => socket?.writableNeedDrain).toBe(true);
    expect(socket?.writableLength).toBeLessThan(4 * text.length);
    expect(await reader.ids(sequences.length)).toEqual(sequences);
  });

  test("is cut, and can resume where it was", async () => {
    await using service = await openedService({ changeStream: { heartbeatMs: 50, patienceMs: 200 } });
    const before = service.state.lastSequence;
    const stalled = await EventReader.open(changesOf(service.service, `?since=${before}`));
    stalled.reply.pause();
    const [socket] = service.sockets;
    if (socket === undefined) throw new Error("the connection was not seen");
    const cut = once(socket, "close");
    const sequences = await insertNotes(service.state, names, text);
    await cut;
    const taken = await readAllOf(stalled);
    expect(taken.length).toBeLessThan(sequences.length);
    const header = { "last-event-id": String(taken.at(-1) ?? before) };
    await using again = await EventReader.open(changesOf(service.service), header);
    taken.push(...(await again.ids(sequences.length - taken.length)));
    expect(taken).toEqual(sequences);
  });
});

describe("changes that are no longer kept", () => {
  test("are 410 for who asks for them", async () => {
    await using service = await openedService({}, small);
    await insertNotes(
      service.state,
      Array.from({ length: 60 }, (_, index) => `note-${index}`),
      "x".repeat(5000),
    );
    await service.state.checkpoint();
    await service.restart();
    const reply = await fetch(changesOf(service.service, "?since=1"));
    expect(reply.status).toBe(410);
    expect(await reply.json()).toMatchObject({ error: { code: "compacted" } });
  });

  test("are told as an event to who falls behind them, and the stream ends", async () => {
    await using service = await openedService({}, small);
    await using reader = await EventReader.open(changesOf(service.service, `?since=${service.state.lastSequence}`));
    reader.reply.pause();
    const names = Array.from({ length: 100 }, (_, index) => `note-${index}`);
    const sequences = await insertNotes(service.state, names, "x".repeat(512 * 1024));
    await expect.poll(() => service.sockets[0]?.writableNeedDrain).toBe(true);
    await service.state.checkpoint();
    const taken: number[] = [];
    let event = await reader.next();
    for (; event?.event === "change"; event = await reader.next()) taken.push(Number(event.id));
    expect(event).toMatchObject({ event: "error", data: { error: { code: "compacted" } } });
    expect(await reader.next()).toBeUndefined();
    // What came before is whole: the error stands where the gap begins.
    expect(taken).toEqual(sequences.slice(0, taken.length));
    expect(taken.length).toBeLessThan(sequences.length);
  });
});

/** What a reader that was cut still has. */
async function readAllOf(reader: EventReader): Promise<number[]> {
  const ids: number[] = [];
  try {
    for (let event = await reader.next(); event !== undefined; event = await reader.next()) ids.push(Number(event.id));
  } catch (error) {
    // That is how a cut shows.
    if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
  }
  return ids;
}

interface OpenedService extends AsyncDisposable {
  readonly state: StateDirectory;
  readonly service: Service;
  /** The connections of the service, in the order they came. */
  readonly sockets: Socket[];
  restart(): Promise<void>;
}

/** A service whose directory is opened with options of the test's own, and whose connections can be seen. */
async function openedService(
  options: ServeOptions,
  opening: Partial<Parameters<typeof openStateDirectory>[0]> = {},
): Promise<OpenedService> {
  const folder = await temporaryFolder();
  const sockets: Socket[] = [];
  let state: StateDirectory;
  let service: Service;
  const start = async (): Promise<void> => {
    state = await openStateDirectory({ ...opening, directory: folder.path });
    service = await serve(state, { port: 0, logLevel: "silent", ...options });
    service.server.server.on("connection", (socket) => sockets.push(socket));
  };
  const stop = async (): Promise<void> => {
    await service.close();
    await state.close();
  };
  await start();
  return {
    get state() {
      return state;
    },
    get service() {
      return service;
    },
    sockets,
    async restart() {
      await stop();
      await start();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
