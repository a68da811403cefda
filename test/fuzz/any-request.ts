import fc from "fast-check";
import { message, response } from "../surfaces/samples.js";

/** Requests as nobody would write them: the parts, to be put together for each route. */

export const anyId: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("resp_1", "replay_1", "FILE", "VECTOR_STORE", "CONVERSATION"),
  },
  fc.constantFrom("%00", "..%2F..", "%", "%zz", "__proto__", "null"),
  fc.string({ minLength: 1, maxLength: 40, unit: "binary" }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const cursorText = fc.oneof(
  fc
    .tuple(fc.string({ maxLength: 2 }), fc.string({ maxLength: 2 }))
    .map(([before, behind]) => `${before}CURSOR${behind}`),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString("base64url")),
  fc.tuple(fc.string(), fc.string()).map((parts) => Buffer.from(JSON.stringify(parts)).toString("base64url")),
  fc.constant(Buffer.from('["2026-03-01T12:00:00.000Z","x"]').toString("base64url")),
  fc.string({ unit: "binary", maxLength: 60 }),
);
export const anyQuery: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ...["limit", "after", "before", "order", "offset", "showDetails", "search", "purpose", "filter", "include[]"],
        ...["since", "stream", "starting_after", "cache_status", "session_id", "recipe", "collection", "__proto__"],
      ),
      fc.oneof(
        cursorText,
        fc.constantFrom("", "0", "-1", "1e9", "true", "asc", "desc", "resp_1", "99999999999999999999"),
      ),
    ),
    { maxLength: 5 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&"));

/** Names that routes know, so that checks behind the first are reached too. */
const knownNames = [
  ...[
    "id",
    "response",
    "input",
    "metadata",
    "items",
    "output",
    "status",
    "model",
    "created_at",
    "previous_response_id",
  ],
  ...["file_id", "file_ids", "name", "attributes", "expires_after", "query", "filters", "chunking_strategy", "records"],
  ...[
    "timestamp",
    "session_id",
    "usage",
    "signals",
    "tool_trace",
    "outcome",
    "score",
    "finish",
    "conversation",
    "owner",
  ],
] as const;
const { anyBody } = fc.letrec<{ anyBody: unknown; leaf: unknown; object: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom(
      "resp_1",
      "msg_1",
      "completed",
      "user",
      "message",
      -1,
      1e308,
      2 ** 53,
      "2026-03-01T12:00:00Z",
      "\ud800",
    ),
  ),
  object: fc.dictionary(
    fc.constantFrom(...knownNames, "role", "type", "content", "text", "__proto__"),
    tie("anyBody"),
    {
      maxKeys: 6,
    },
  ),
  anyBody: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    tie("object"),
    fc.array(tie("anyBody"), { maxLength: 4 }),
  ),
}));
const clientBodies: readonly object[] = [
  { response: response("resp_f"), input: "x", conversation: "CONVERSATION" },
  response("resp_g"),
  { items: [message("msg_f", "user", "text")], metadata: { a: "b" } },
  { record: { id: "replay_f", timestamp: "2026-03-01T12:00:00.000Z", usage: { total_tokens: 3 }, signals: {} } },
  { name: "a", file_ids: ["FILE"], expires_after: { anchor: "last_active_at", days: 1 }, metadata: {} },
  { file_id: "FILE", attributes: { a: 1 }, chunking_strategy: { type: "auto" } },
  { query: "x", filters: { type: "eq", key: "a", value: 1 }, max_num_results: 3, ranking_options: {} },
];
export const bodyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: anyBody.map((body) => JSON.stringify(body)) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 100 }).map((text) => text.toWellFormed()) },
  // What a client would send, with one member replaced or added.
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...clientBodies), fc.nat(), fc.constantFrom(...knownNames), fc.boolean(), anyBody)
      .map(([body, index, added, isNew, value]) => {
        const names = Object.keys(body);
        return JSON.stringify({ ...body, [isNew ? added : (names[index % names.length] ?? added)]: value });
      }),
  },
);
export const contentType: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.constant("application/json") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("text/plain", "application/json; charset=utf-16", "multipart/form-data", "x"),
  },
);
