import { call, readOrAbsent } from "./call.js";
import type { Kind } from "./kind.js";
import { textOf } from "./words.js";

interface RecordState {
  readonly lifecycle_state: string;
  readonly request_body: string;
  readonly response_body: string;
  readonly prompt_tokens: number;
}

/** Named, so that the record of a request under way outlives the service: its recorder, this program, lives on. */
const recorder = { name: "soak", run: "1" };

/** Replay records: begun, filled in, finished, and removed. */
export const replayRecords: Kind<RecordState> = {
  name: "replay record",
  most: 80,
  first: (key, random) => ({
    lifecycle_state: "in_progress",
    request_body: textOf(key, random),
    response_body: "",
    prompt_tokens: 0,
  }),
  next: (state, random) =>
    state.response_body === "" || state.lifecycle_state !== "in_progress"
      ? { ...state, response_body: textOf("answer", random), prompt_tokens: 1 + Math.floor(random.next() * 1000) }
      : { ...state, lifecycle_state: "completed" },
  async create(client, key, { request_body }) {
    const record = {
      id: key,
      request_id: key,
      session_id: key,
      decision: "soak",
      selected_model: "model",
      request_body,
    };
    await call(client, "post", "/router_replay", { record, recorder });
    return key;
  },
  async change(client, id, from, to) {
    const changes =
      from.lifecycle_state === to.lifecycle_state
        ? { response: { body: to.response_body }, usage: { prompt_tokens: to.prompt_tokens } }
        : { finish: { state: "completed", reason: "response_complete" } };
    await call(client, "patch", `/router_replay/${id}`, changes);
  },
  async remove(client, id) {
    await call(client, "delete", `/router_replay/${id}`);
  },
  async read(client, id) {
    const found = await readOrAbsent<Partial<RecordState>>(client, `/router_replay/${id}`);
    if (found === undefined) return undefined;
    const { lifecycle_state = "", request_body = "", response_body = "", prompt_tokens = 0 } = found;
    return { lifecycle_state, request_body, response_body, prompt_tokens };
  },
  async find(client, key) {
    return (await readOrAbsent<{ readonly id: string }>(client, `/router_replay/${key}`))?.id;
  },
};
