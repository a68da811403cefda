import { derivedId, documentIdSchema } from "../history/identifiers.js";
import type { Item } from "../history/item.js";
import { normalizeItems, type ItemInput } from "../history/normalize-items.js";
import { ProblemList } from "../history/problems.js";
import { responseObjectSchema, type ResponseObject } from "../history/response-document.js";

/** What a router hands in when it records a response. */
export interface RecordedResponse {
  /** The response object as the client gets it, whole. */
  readonly response: unknown;
  /** This turn's own input as the client sent it: text, items, or nothing. */
  readonly input?: ItemInput;
  /** The conversation it belongs to. Default: the one the response object names. */
  readonly conversation?: string | undefined;
  /** Whose it is. */
  readonly owner?: string | undefined;
}

export interface PreparedResponse {
  readonly id: string;
  readonly response: ResponseObject;
  readonly input: readonly Item[];
  readonly conversation: string | undefined;
  readonly previous: string | undefined;
  readonly owner: string | undefined;
}

/**
 * Checks a response and brings its input into the stored form. The response object is kept as it came, but for
 * `output_text`, which clients derive from the output.
 *
 * @param id the id it must have, when it is already known.
 * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed.
 */
export function prepareResponse(recorded: RecordedResponse, id?: string): PreparedResponse {
  const problems = new ProblemList();
  const checked = problems.check(responseObjectSchema, recorded.response, "/response");
  if (recorded.conversation !== undefined) problems.check(documentIdSchema, recorded.conversation, "/conversation");
  if (recorded.owner === "") problems.add("/owner", "must not be empty");
  if (id !== undefined && checked !== undefined && checked.id !== id) {
    problems.add("/response/id", `must be ${JSON.stringify(id)}, the response that is written`);
  }
  const named = conversationOf(checked);
  if (recorded.conversation !== undefined && named !== undefined && recorded.conversation !== named) {
    problems.add("/conversation", `must be the conversation that the response names, ${JSON.stringify(named)}`);
  }
  if (checked?.previous_response_id === checked?.id && checked !== undefined) {
    problems.add("/response/previous_response_id", "must not be the response itself");
  }
  const input = normalizeItems(recorded.input, {
    path: "/input",
    // Derived, not random: a router that records the same turn again after a crash gets the same item ids.
    nameItem: (prefix, position) => derivedId(prefix, checked?.id ?? "", "input", position),
    problems,
  });
  const response = withoutOutputText(problems.accepted(checked, "The response can not be stored."));
  return {
    id: response.id,
    response,
    input,
    conversation: recorded.conversation ?? named,
    previous: response.previous_response_id ?? undefined,
    owner: recorded.owner,
  };
}

function conversationOf(response: ResponseObject | undefined): string | undefined {
  const conversation = response?.conversation ?? undefined;
  return typeof conversation === "object" ? conversation.id : conversation;
}

function withoutOutputText(response: ResponseObject): ResponseObject {
  if (!("output_text" in response)) return response;
  const kept = { ...response };
  delete kept["output_text"];
  return kept;
}
