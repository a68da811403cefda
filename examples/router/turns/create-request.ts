import { HoldfastError } from "holdfast";
import { z } from "zod";

const message = z.looseObject({
  type: z.literal("message").optional(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
});

/** Items of other types are passed on as they are: the list of types grows with each release of the client. */
const otherItem = z.looseObject({ type: z.string().refine((type) => type !== "message", "a message needs a role") });

/**
 * The body of `POST /v1/responses`. Checked is what this router acts on; every other member goes into the response
 * object as it came, as the API does.
 */
const createRequestSchema = z
  .looseObject({
    model: z.string().min(1),
    input: z.union([z.string(), z.array(z.union([message, otherItem]))], "is required: a text, or a list of items"),
    instructions: z.string().nullish(),
    previous_response_id: z.string().min(1).nullish(),
    conversation: z.union([z.string().min(1), z.looseObject({ id: z.string().min(1) })]).nullish(),
    store: z.boolean().nullish(),
    stream: z.boolean().nullish(),
    background: z.literal(false, "is not offered by this router").nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    max_output_tokens: z.int().min(1).nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    tools: z.array(z.looseObject({ type: z.string() })).nullish(),
    tool_choice: z.unknown().optional(),
    text: z.looseObject({}).nullish(),
  })
  .refine((request) => isAbsent(request.previous_response_id) || isAbsent(request.conversation), {
    path: ["conversation"],
    message: "can not be given together with previous_response_id",
  });

export type CreateRequest = z.infer<typeof createRequestSchema>;

/** Most problems that are listed. */
const mostProblems = 50;

/** @throws HoldfastError `INVALID_DOCUMENT` with every problem of the body listed. */
export function readCreateRequest(body: unknown): CreateRequest {
  const parsed = createRequestSchema.safeParse(body);
  // The body itself, not the parsed copy: members keep their order.
  if (parsed.success) return body as CreateRequest;
  const problems = parsed.error.issues.slice(0, mostProblems).map(({ path, message: problem }) => ({
    path: path.map((member) => `/${String(member)}`).join(""),
    message: problem,
  }));
  throw HoldfastError.ofProblems("INVALID_DOCUMENT", "The request can not be answered.", problems);
}

/** The conversation a request names, whichever way. */
export function conversationIdOf({ conversation }: CreateRequest): string | undefined {
  return typeof conversation === "object" ? conversation?.id : conversation;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
