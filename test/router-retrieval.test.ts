import { readFile, rename } from "node:fs/promises";
import { createClient } from "@keyv/redis";
import OpenAI, { toFile } from "openai";
import { describe, expect, it } from "vitest";
import { answerTo, type ChatMessage } from "../examples/router/upstream/local-answer.js";
import { redisBinary, RedisServer, skippedWithoutRedis } from "./cache/redis-server.js";
import { filesBelow } from "./support/directory-fingerprint.js";
import { eventually } from "./support/eventually.js";
import { answerOf, RunningRouter } from "./support/running-router.js";

const model = "test";
const question = "Who keeps that lighthouse?";
const answering = "Grace keeps our lighthouse.";
const notes = `Boats leave at noon.\n\n${answering}\n\nBread is sold on Mondays.`;

describe("file_search of examples/router", () => {
  it("puts the passages of attached files before the question, and follows what is attached", async () => {
    await using router = await RunningRouter.begin();
    const { file, store, tools } = await lighthouse(router);
    const other = await upload(router, "harbour.txt", "Harbour closed during winter.");
    await router.client.vectorStores.files.createAndPoll(store, { file_id: other });

    const { response, recordId } = await router.turn({ model, input: question, tools });
    expect(answerOf(response)).toBe(answerTo([passages("notes.txt", answering), user(question)]));
    const context = { rag_enabled: true, rag_backend: "words", rag_context_length: answering.length };
    expect(await router.record(recordId)).toMatchObject({ ...context, prompt: question });

    // In a history, they stand before what is new, and are no part of it: the next turn has only what was said.
    const input: OpenAI.Responses.ResponseInput = [
      { role: "user", content: [{ type: "input_text", text: "Which months is harbour closed?" }] },
    ];
    const said: ChatMessage[] = [user(question), { role: "assistant", content: answerOf(response) }];
    const second = await router.streamedTurn({ model, input, tools, previous_response_id: response.id });
    const found = passages("harbour.txt", "Harbour closed during winter.");
    const next = user("Which months is harbour closed?");
    expect(answerOf(second.response)).toBe(answerTo([...said, found, next]));
    const third = await router.turn({ model, input: "Thanks.", previous_response_id: second.response.id });
    expect(answerOf(third.response)).toBe(
      answerTo([...said, next, { role: "assistant", content: answerOf(second.response) }, user("Thanks.")]),
    );

    await router.client.vectorStores.files.delete(file, { vector_store_id: store });
    const detached = await router.turn({ model, input: question, tools });
    expect(answerOf(detached.response)).toBe(answerTo([user(question)]));
    expect(await router.record(detached.recordId)).toMatchObject({ rag_enabled: true, rag_context_length: 0 });
  });

  it("looks for the words of the question, not for those of its JSON", async () => {
    await using router = await RunningRouter.begin();
    const file = await upload(router, "forms.txt", "Type the input as plain text.");
    const { id: store } = await router.client.vectorStores.create({ file_ids: [file] });
    const { response } = await router.turn({ model, input: question, tools: searching(store) });
    expect(answerOf(response)).toBe(answerTo([user(question)]));
  });

  it("refuses to search what is not there, and leaves no record of it", async () => {
    await using router = await RunningRouter.begin();
    await expect(router.turn({ model, input: question, tools: searching("vs_none") })).rejects.toThrow(
      OpenAI.NotFoundError,
    );
    const tools = [{ type: "file_search" as const, vector_store_ids: [] }];
    await expect(router.turn({ model, input: question, tools })).rejects.toMatchObject({
      status: 400,
      param: "tools[0].vector_store_ids",
    });
    expect(await router.records()).toEqual([]);
  });
});

describe("the caches of examples/router", () => {
  it("keep passages until the router ends, and answers are right without them", async () => {
    await using router = await RunningRouter.begin();
    const { tools } = await lighthouse(router);
    const expected = (instructions: string): string =>
      answerTo([{ role: "system", content: instructions }, passages("notes.txt", answering), user(question)]);
    const ask = async (instructions: string, input = question): Promise<string> =>
      answerOf((await router.turn({ model, input, instructions, tools })).response);
    expect(await ask("First.")).toBe(expected("First."));

    // Without its bytes the file can not be searched, only remembered.
    const [bytes = ""] = await filesBelow(router.directory, /^blobs\//);
    await rename(bytes, `${bytes}.aside`);
    await expect(ask("Second.", "Who keeps the boats?")).rejects.toThrow(OpenAI.InternalServerError);
    expect(await ask("Second.")).toBe(expected("Second."));
    await rename(`${bytes}.aside`, bytes);

    await router.killAndRestart();
    expect(await ask("First.")).toBe(expected("First."));
    expect(await ask("Third.")).toBe(expected("Third."));
  });

  it("never come into the state directory", async () => {
    await using router = await RunningRouter.begin();
    await fillCaches(router);
    await router.killAndRestart(() => expectOnlyAnswers(router.directory));
    await router.killAndRestart(() => expectOnlyAnswers(router.directory));
  });

  it.skipIf(redisBinary === undefined)("can be on a server, which shows what the others would hold", async () => {
    if (redisBinary === undefined) throw new Error(skippedWithoutRedis);
    await using server = await RedisServer.begin(redisBinary);
    await using router = await RunningRouter.begin({ ROUTER_CACHE_URL: server.url });
    const { tools } = await lighthouse(router);
    // A server that answers too late is as good as none, so on a busy machine an entry may take more than one turn.
    await eventually("both caches have an entry on the server", async () => {
      await router.turn({ model, input: question, tools });
      const entries = await entriesOf(server.url);
      return onlyInCaches.every((marker) => entries.includes(marker));
    });

    // The server outlives the router, and so do its entries.
    await router.killAndRestart(() => expectOnlyAnswers(router.directory));
    const kept = await entriesOf(server.url);
    expect(onlyInCaches.filter((marker) => !kept.includes(marker))).toEqual([]);
    await eventually("an answer comes from the server", async () => {
      const { recordId } = await router.turn({ model, input: question, tools });
      return (await router.record(recordId)).from_cache === true;
    });
  });
});

/** What stands in the keys and in the entries of the caches, and in nothing that the surfaces store. */
const onlyInCaches = ["exact:v1:", "rag:v1:", '"type":"finish"', '"score":'];

/** In the files of a directory that nobody changes meanwhile stand answers, and nothing that only caches hold. */
async function expectOnlyAnswers(directory: string): Promise<void> {
  const contents = await Promise.all((await filesBelow(directory, /(?:)/)).map((path) => readFile(path)));
  const found = [...onlyInCaches, answering].filter((text) => contents.some((bytes) => bytes.includes(text)));
  expect(found).toEqual([answering]);
}

/** All keys and values of a server, as one text. */
async function entriesOf(url: string): Promise<string> {
  const client = createClient({ url });
  await client.connect();
  try {
    const keys = await client.keys("*");
    return JSON.stringify(keys) + (await client.mGet(keys)).join();
  } finally {
    client.destroy();
  }
}

/** Has an entry made in each cache, and used. */
async function fillCaches(router: RunningRouter): Promise<void> {
  const { tools } = await lighthouse(router);
  for (const instructions of ["First.", "Second.", "Second."]) {
    await router.turn({ model, input: question, instructions, tools });
    await router.turn({ model, input: "Hello." });
  }
  expect(await router.records()).toMatchObject([{ from_cache: true }, { from_cache: true }, {}, {}, {}, {}]);
}

async function lighthouse(
  router: RunningRouter,
): Promise<{ readonly file: string; readonly store: string; readonly tools: OpenAI.Responses.Tool[] }> {
  const file = await upload(router, "notes.txt", notes);
  const { id: store } = await router.client.vectorStores.create({ name: "notes" });
  await router.client.vectorStores.files.createAndPoll(store, { file_id: file });
  return { file, store, tools: searching(store) };
}

async function upload({ client }: RunningRouter, name: string, text: string): Promise<string> {
  const { id } = await client.files.create({ file: await toFile(Buffer.from(text), name), purpose: "assistants" });
  return id;
}

function searching(store: string): OpenAI.Responses.Tool[] {
  return [{ type: "file_search", vector_store_ids: [store] }];
}

function passages(name: string, text: string): ChatMessage {
  return { role: "system", content: `Passages that may help:\n\n${name}:\n${text}` };
}

function user(text: string): ChatMessage {
  return { role: "user", content: text };
}
