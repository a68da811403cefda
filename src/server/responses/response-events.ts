import type { ResponseObject } from "../../surfaces/responses/index.js";

/** One server-sent event of a response. */
export interface ResponseEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly [member: string]: unknown;
}

type OutputItem = ResponseObject["output"][number];
type EventBody = Readonly<Record<string, unknown>> & { readonly type: string };

const terminalEvents: ReadonlyMap<string, string> = new Map([
  ["completed", "response.completed"],
  ["incomplete", "response.incomplete"],
  ["failed", "response.failed"],
]);

/**
 * The events of a finished response, made from the stored object alone: the same response gives the same events with the
 * same numbers after any restart, so `starting_after` can resume a stream that was cut. Each text comes as one delta; how
 * the upstream had cut it is not kept.
 *
 * Order and names are those of the reference (surfaces 1.7) and of the OpenAI schema.
 */
export function eventsOfResponse(response: ResponseObject): ResponseEvent[] {
  return [...bodiesOf(response)].map((body, sequence_number) => ({ ...body, sequence_number }));
}

function* bodiesOf(response: ResponseObject): Generator<EventBody> {
  const begun = { ...response, status: "in_progress", output: [], error: null, incomplete_details: null };
  yield { type: "response.created", response: begun };
  yield { type: "response.in_progress", response: begun };
  for (const [output_index, item] of response.output.entries()) yield* bodiesOfItem(item, output_index);
  const status = response.status ?? "completed";
  // A cancelled response has no event of its own in the schema; its stream ends with the object as it is.
  yield { type: terminalEvents.get(status) ?? "response.incomplete", response };
}

function* bodiesOfItem(item: OutputItem, output_index: number): Generator<EventBody> {
  const place = { item_id: item["id"], output_index };
  yield { type: "response.output_item.added", output_index, item: beginningOf(item) };
  if (item.type === "message") yield* bodiesOfParts(partsOf(item["content"]), place);
  if (item.type === "reasoning") {
    yield* bodiesOfSummary(partsOf(item["summary"]), place);
    yield* bodiesOfParts(partsOf(item["content"]), place);
  }
  if (item.type === "function_call" && typeof item["arguments"] === "string") {
    const kind = "response.function_call_arguments";
    yield { type: `${kind}.delta`, ...place, delta: item["arguments"] };
    yield { type: `${kind}.done`, ...place, name: item["name"], arguments: item["arguments"] };
  }
  yield { type: "response.output_item.done", output_index, item };
}

/** An item as it was announced: there, in progress, without what the events that follow will add. */
function beginningOf(item: OutputItem): OutputItem {
  return {
    ...item,
    ...("status" in item ? { status: "in_progress" } : {}),
    ...("content" in item ? { content: [] } : {}),
    ...("summary" in item ? { summary: [] } : {}),
    ...(item.type === "function_call" ? { arguments: "" } : {}),
  };
}

/** How each kind of content part streams: the name of its events, the member with its text, what else they carry. */
const partKinds = new Map<unknown, { readonly kind: string; readonly member: string; readonly extra: object }>([
  ["output_text", { kind: "response.output_text", member: "text", extra: { logprobs: [] } }],
  ["refusal", { kind: "response.refusal", member: "refusal", extra: {} }],
  ["reasoning_text", { kind: "response.reasoning_text", member: "text", extra: {} }],
]);

function* bodiesOfParts(parts: readonly Part[], item: object): Generator<EventBody> {
  for (const [content_index, part] of parts.entries()) {
    const place = { ...item, content_index };
    const streamed = partKinds.get(part["type"]);
    const text = streamed && part[streamed.member];
    if (streamed === undefined || typeof text !== "string") {
      yield { type: "response.content_part.added", ...place, part };
    } else {
      const { kind, member, extra } = streamed;
      const empty = { ...part, [member]: "", ...("annotations" in part ? { annotations: [] } : {}) };
      yield { type: "response.content_part.added", ...place, part: empty };
      yield { type: `${kind}.delta`, ...place, delta: text, ...extra };
      for (const [annotation_index, annotation] of listOf(part["annotations"]).entries()) {
        yield { type: `${kind}.annotation.added`, ...place, annotation_index, annotation };
      }
      yield { type: `${kind}.done`, ...place, [member]: text, ...extra };
    }
    yield { type: "response.content_part.done", ...place, part };
  }
}

function* bodiesOfSummary(parts: readonly Part[], item: object): Generator<EventBody> {
  const kind = "response.reasoning_summary";
  for (const [summary_index, part] of parts.entries()) {
    const place = { ...item, summary_index };
    yield { type: `${kind}_part.added`, ...place, part: { ...part, text: "" } };
    yield { type: `${kind}_text.delta`, ...place, delta: part["text"] };
    yield { type: `${kind}_text.done`, ...place, text: part["text"] };
    yield { type: `${kind}_part.done`, ...place, part };
  }
}

type Part = Readonly<Record<string, unknown>>;

function partsOf(value: unknown): Part[] {
  return listOf(value).filter((part): part is Part => typeof part === "object" && part !== null);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
