/**
 * A process that fills a state directory through its surfaces and then serves it: one JSON line on standard output says
 * where.
 *
 *     large-state.js <directory> <responses> <replay records> <vector stores> <attachments> <files>
 */
import { openStateDirectory } from "holdfast";
import { serve } from "holdfast/server";

const [directory = "", ...numbers] = process.argv.slice(2);
const [responses = 0, records = 0, stores = 0, attachments = 0, files = 0] = numbers.map(Number);
const atOnce = 200;

const state = await openStateDirectory({ directory });

/** Does something for each number from 0, many at a time. */
async function each<Result>(count: number, work: (number: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < count; first += atOnce) {
    const numbersNow = Array.from({ length: Math.min(atOnce, count - first) }, (_, index) => first + index);
    results.push(...(await Promise.all(numbersNow.map(work))));
  }
  return results;
}

await each(responses, async (number) => {
  const id = `resp_${String(number).padStart(6, "0")}`;
  const previous = number % 10 === 0 ? {} : { previous_response_id: `resp_${String(number - 1).padStart(6, "0")}` };
  const content = [{ type: "output_text", text: `answer ${number} ${"x".repeat(200)}`, annotations: [] }];
  await state.responses.record({
    input: `question ${number}`,
    response: {
      id,
      object: "response",
      created_at: 1_760_000_000 + number,
      status: "completed",
      model: "model-a",
      error: null,
      incomplete_details: null,
      instructions: null,
      metadata: { number: String(number) },
      output: [{ id: `msg_${number}`, type: "message", role: "assistant", status: "completed", content }],
      parallel_tool_calls: true,
      temperature: 1,
      tool_choice: "auto",
      tools: [],
      top_p: 1,
      ...previous,
    },
  });
});

await each(records, async (number) => {
  const { record } = await state.replay.add({
    session_id: `session-${number % 500}`,
    request_id: `request-${number}`,
    decision: `decision-${number % 7}`,
    selected_model: `model-${number % 3}`,
    request_body: `{"number":${number}}`,
    signals: { domain: [`domain-${number % 4}`] },
  });
  // One in ten is left as a process that dies leaves it.
  if (number % 10 === 0) return;
  await state.replay.patch(record.id, {
    usage: { prompt_tokens: number, completion_tokens: 1, total_tokens: number + 1 },
    finish: { state: "completed" },
  });
});

const uploaded = await each(files, (number) =>
  state.files.upload(Buffer.from(`file ${number} `.repeat(1 + (number % 50))), {
    filename: `file-${number}.txt`,
    purpose: "assistants",
  }),
);
const created = await each(stores, (number) => state.vectorStores.create({ name: `store ${number}` }));
await each(attachments, async (number) => {
  const store = created[number % created.length];
  // No store gets a file twice.
  const file = uploaded[(number * 7 + Math.floor(number / uploaded.length)) % uploaded.length];
  if (store === undefined || file === undefined) throw new Error("There is nothing to attach.");
  await state.vectorStores.attach(store.id, { file_id: file.id });
});

const { url } = await serve(state, { port: 0, logLevel: "silent" });
process.stdout.write(`${JSON.stringify({ event: "serving", url })}\n`);
