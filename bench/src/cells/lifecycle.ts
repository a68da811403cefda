import { Documents, type DocumentsPlan, type ResponseBody } from "../documents.js";
import { engines } from "../engines/index.js";
import type { Figures } from "../figures.js";
import { measureWriters, type Writer, type WritersPlan } from "../writers.js";
import { checkStored, type StorePlan } from "./stored-count.js";

export type LifecyclePlan = StorePlan & WritersPlan & DocumentsPlan;

/** The insert included. */
const writesPerRecord = 5;

/**
 * Records that are made and then updated four times, as a response is while a model answers; each writer has one record
 * in flight. Then reopens the store, counts, and looks at the last record that was completed.
 *
 * @throws Error if a write fails, or if what is stored is not what was acknowledged.
 */
export async function lifecycle(plan: LifecyclePlan): Promise<Figures> {
  const engine = await engines[plan.engine]();
  const store = await engine.open(plan.directory, "conversation and model");
  const documents = new Documents(plan);
  let begun = 0;
  let completed: string | undefined;
  const writer = (): Writer => {
    let step = 0;
    let { id, body } = documents.next();
    return async () => {
      step += 1;
      if (step === 1) {
        await store.insert(id, stageOf(body, step));
        begun += 1;
      } else {
        await store.replace(id, stageOf(body, step));
      }
      if (step === writesPerRecord) {
        completed = id;
        step = 0;
        ({ id, body } = documents.next());
      }
    };
  };
  const figures = await measureWriters(plan, Array.from({ length: plan.writers }, writer));
  const own = store.figures();
  await store.close();
  await checkStored(plan, begun, async (reopened) => {
    if (completed === undefined) return;
    const last = await reopened.get(completed);
    if (last?.status !== "completed") throw new Error(`${engine.name} lost the last update of ${completed}.`);
  });
  return { ...figures, ...own };
}

/** The record as it is at its `step`: the answer grows, and only the last write completes it. */
function stageOf(body: ResponseBody, step: number): ResponseBody {
  const share = (step - 1) / (writesPerRecord - 1);
  return {
    ...body,
    status: step === writesPerRecord ? "completed" : "in_progress",
    output: body.output.map((message) => ({
      ...message,
      content: message.content.map(({ type, text }) => ({ type, text: text.slice(0, Math.ceil(text.length * share)) })),
    })),
  };
}
