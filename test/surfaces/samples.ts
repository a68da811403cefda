/** A response object with every member the schema requires, some it does not, and some nobody knows yet. */
export function response(
  id: string,
  more: Readonly<Record<string, unknown>> = {},
): { id: string } & Record<string, unknown> {
  return {
    id,
    object: "response",
    created_at: 1_760_000_000,
    status: "completed",
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: "model-a",
    output: [message(`${id}_answer`, "assistant", `the answer of ${id}`)],
    parallel_tool_calls: true,
    temperature: 0.7,
    tool_choice: "auto",
    tools: [{ type: "function", name: "look_up", parameters: { type: "object" }, strict: true }],
    top_p: 1,
    invented_later: { nested: [1, "two", null] },
    ...more,
  };
}

export function message(
  id: string,
  role: "user" | "assistant",
  text: string,
): { id: string } & Record<string, unknown> {
  const part = role === "assistant" ? { type: "output_text", text, annotations: [] } : { type: "input_text", text };
  return { id, type: "message", status: "completed", role, content: [part] };
}

/** Follows a list by its cursors, one element at a time, and gives the ids in the order they came. */
export async function walk(
  page: (after: string | undefined) => Promise<{ readonly ids: readonly string[]; readonly hasMore: boolean }>,
): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const { ids, hasMore } = await page(seen.at(-1));
    seen.push(...ids);
    if (!hasMore) return seen;
    if (seen.length > 10_000) throw new Error("the walk does not end");
  }
}
