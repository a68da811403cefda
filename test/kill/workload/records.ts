import { tell, untilStopped, type Life } from "./worker.js";

const mostKept = 6;

/** What the record of this id holds, so that whoever knows the id can tell what must be there. */
export function bodiesOf(id: string): { readonly request: string; readonly response: string } {
  return { request: `request of ${id}`, response: `response of ${id}` };
}

/** Records replay for requests that never were, and deletes the oldest when there are enough. */
export async function workOnRecords(life: Life): Promise<void> {
  const { replay } = life.state;
  const kept: string[] = [];
  for await (const { record } of replay.export()) kept.push(record.id);
  await untilStopped(life, async () => {
    const id = `record-${life.next()}`;
    const { request, response } = bodiesOf(id);
    await replay.add({ id, request_body: request, selected_model: "model" });
    tell({ event: "record", id, step: "added" });
    await replay.patch(id, { response: { body: response } });
    await replay.finish(id, { state: "completed", reason: "response_complete" });
    tell({ event: "record", id, step: "finished" });
    kept.push(id);
    while (kept.length > mostKept) {
      const oldest = kept.shift() ?? "";
      tell({ event: "record", id: oldest, step: "deleting" });
      await replay.delete(oldest);
      tell({ event: "record", id: oldest, step: "deleted" });
    }
  });
}
