/** One step of a tool trace, as far as a trajectory needs it. */
export interface TrajectoryStep {
  readonly type: string;
  /** `request` for what the client sent, which may repeat earlier steps; `response` or `stream` for what is new. */
  readonly source?: string | undefined;
  readonly text?: string | undefined;
  readonly tool_name?: string | undefined;
  readonly tool_call_id?: string | undefined;
  readonly arguments?: string | undefined;
  readonly output?: string | undefined;
}

/** The members of a replay record that a trajectory is made from. */
export interface TracedRecord {
  readonly tool_trace?: { readonly steps?: readonly unknown[] | null | undefined } | null | undefined;
  readonly request_body?: string | null | undefined;
  readonly response_body?: string | null | undefined;
}

/** The steps of a record: those of its tool trace or, without one, those that its bodies tell. */
export function stepsOf(record: TracedRecord): TrajectoryStep[] {
  const traced = record.tool_trace?.steps ?? [];
  if (traced.length > 0) return traced.filter(isObject).map(tracedStep);
  return [...requestSteps(parsed(record.request_body)), ...responseSteps(parsed(record.response_body))];
}

function tracedStep(step: Fields): TrajectoryStep {
  return {
    type: textOf(step["type"]) ?? "",
    source: textOf(step["source"]),
    text: textOf(step["text"]),
    tool_name: textOf(step["tool_name"]),
    tool_call_id: textOf(step["tool_call_id"]),
    arguments: textOf(step["arguments"]) ?? textOf(step["raw_arguments"]),
    output: textOf(step["output"]) ?? textOf(step["raw_output"]) ?? textOf(step["text"]),
  };
}

/** A body that was cut, or is a stream of events, is no JSON: it tells nothing. */
function parsed(body: string | null | undefined): Fields {
  if (body === undefined || body === null || body === "") return {};
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** From the last message of the user onward: what stands before it belongs to earlier records. */
function requestSteps(body: Fields): TrajectoryStep[] {
  const input = body["messages"] ?? body["input"];
  if (typeof input === "string") return [{ type: "user_input", source: "request", text: input }];
  const steps = objectsIn(input).flatMap((item) => itemSteps(item, "request"));
  const lastUser = steps.findLastIndex(({ type }) => type === "user_input");
  return lastUser === -1 ? steps : steps.slice(lastUser);
}

/** Chat completions answer with `choices`, the Responses API with `output`. */
function responseSteps(body: Fields): TrajectoryStep[] {
  const message = objectsIn(body["choices"])[0]?.["message"];
  const items = isObject(message) ? [{ role: "assistant", ...message }] : objectsIn(body["output"]);
  return items.flatMap((item) => itemSteps(item, "response"));
}

/** A message of chat completions, or an item of the Responses API. */
function itemSteps(item: Fields, source: "request" | "response"): TrajectoryStep[] {
  const type = item["type"] ?? "message";
  if (type === "function_call") return [callStep(item["call_id"], item, source)];
  if (type === "function_call_output") return [resultStep(item["call_id"], item["output"], source)];
  if (type !== "message") return [];
  const text = contentText(item["content"]);
  switch (item["role"]) {
    case "user":
      return [{ type: "user_input", source, text: text ?? "" }];
    case "tool":
      return [resultStep(item["tool_call_id"], item["content"], source)];
    case "assistant": {
      const answer = text === undefined || text === "" ? [] : [{ type: "assistant_final_response", source, text }];
      const calls = objectsIn(item["tool_calls"]).map((call) =>
        callStep(call["id"], isObject(call["function"]) ? call["function"] : {}, source),
      );
      return [...answer, ...calls];
    }
    default:
      return [];
  }
}

function callStep(id: unknown, called: Fields, source: string): TrajectoryStep {
  return {
    type: "assistant_tool_call",
    source,
    tool_call_id: textOf(id),
    tool_name: textOf(called["name"]),
    arguments: textOf(called["arguments"]),
  };
}

function resultStep(id: unknown, output: unknown, source: string): TrajectoryStep {
  return { type: "client_tool_result", source, tool_call_id: textOf(id), output: contentText(output) };
}

/** The text of a content that is a string, or a list of parts of which some are text. */
function contentText(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  return objectsIn(content)
    .map((part) => textOf(part["text"]) ?? "")
    .filter((text) => text !== "")
    .join("\n");
}

/** JSON where a text is expected is what a model or tool said: it is shown as JSON. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

type Fields = Readonly<Record<string, unknown>>;

function objectsIn(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
