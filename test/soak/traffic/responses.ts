import type OpenAI from "openai";
import { readResponse } from "../../drill/readings/read-history.js";
import { textOfResponse } from "../../drill/turn.js";
import { call } from "./call.js";
import type { Kind } from "./kind.js";
import { textOf } from "./words.js";

interface ResponseState {
  readonly status: string;
  readonly text: string;
}

/** Responses, recorded in two phases as a router does it, and changed again. */
export const responses: Kind<ResponseState> = {
  name: "response",
  most: 60,
  first: (key, random) => ({ status: "in_progress", text: textOf(key, random) }),
  next: ({ text }, random) => ({ status: "completed", text: textOf(text.slice(0, 16), random) }),
  async create(client, key, state) {
    const response = { id: idOf(key), object: "response", model: "soak", created_at: 1, ...membersOf(state) };
    await call(client, "post", "/state/responses", { response, input: state.text });
    return idOf(key);
  },
  async change(client, id, _from, to) {
    await call(client, "patch", `/state/responses/${id}`, { response: membersOf(to) });
  },
  async remove(client, id) {
    await call(client, "delete", `/responses/${id}`);
  },
  async read(client, id) {
    const found = await readResponse(client, id);
    return found === undefined ? undefined : { status: found.status ?? "none", text: textOfResponse(found) };
  },
  async find(client, key) {
    return (await readResponse(client, idOf(key)))?.id;
  },
};

function idOf(key: string): string {
  return `resp_${key}`;
}

function membersOf({ status, text }: ResponseState): Pick<OpenAI.Responses.Response, "output"> & { status: string } {
  const content = [{ type: "output_text" as const, text, annotations: [] }];
  return { status, output: [{ id: "msg_1", type: "message", role: "assistant", status: "completed", content }] };
}
