import { z } from "zod";
import { documentIdSchema } from "../../surfaces/history/identifiers.js";
import type { RecordedResponse } from "../../surfaces/responses/index.js";

/**
 * `StoredResponse` of the reference (`surfaces.md` 1.1), as its Redis keys hold it. Checked is what is needed to take it
 * apart; the parts are checked by the surface that takes them in.
 */
export const storedResponseSchema = z.looseObject({
  id: z.string().min(1),
  created_at: z.number(),
  input: z.array(z.looseObject({})).nullish(),
  output: z.array(z.looseObject({})).nullish(),
  previous_response_id: z.string().nullish(),
  conversation_id: z.string().nullish(),
  ttl: z.string().nullish(),
});
export type ReferenceResponse = z.infer<typeof storedResponseSchema>;

export const storedConversationSchema = z.looseObject({
  id: z.string().min(1),
  created_at: z.number(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type ReferenceConversation = z.infer<typeof storedConversationSchema>;

/** A time is never left out of the reference's JSON: one that is not set is in the year 1. */
export function expiryOf(ttl: string | null | undefined): number | undefined {
  if (ttl === null || ttl === undefined || ttl === "") return undefined;
  const moment = Date.parse(ttl);
  return Number.isNaN(moment) || moment <= 0 ? undefined : moment;
}

/**
 * A stored response as it is recorded here. The response object keeps every member but those that are something else
 * here: `input` is stored beside it, `ttl` becomes the history's expiry. `conversation_id` stays, and is also said as the
 * wire says it; one that can not name a conversation stays a label.
 */
export function recordedResponseOf(stored: ReferenceResponse): RecordedResponse & { readonly isLabelOnly: boolean } {
  const { input, conversation_id, previous_response_id, output } = stored;
  const members = Object.entries(stored).filter(([name]) => !["input", "ttl", "previous_response_id"].includes(name));
  const label = conversation_id ?? "";
  const conversation = documentIdSchema.safeParse(label).success ? label : undefined;
  const previous = previous_response_id ?? "";
  return {
    response: {
      ...Object.fromEntries(members),
      object: "response",
      output: output ?? [],
      ...(previous === "" ? {} : { previous_response_id: previous }),
      ...(conversation === undefined ? {} : { conversation: { id: conversation } }),
    },
    input: inputOf(input ?? []),
    ...(conversation === undefined ? {} : { conversation }),
    isLabelOnly: label !== "" && conversation === undefined,
  };
}

/** The reference leaves out what is empty, and does not mind two items of one id. */
function inputOf(items: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown>[] {
  const seen = new Set<unknown>();
  return items.map((given) => {
    const item: Record<string, unknown> = { ...given };
    const isMessage = (item["type"] ?? "message") === "message";
    if (isMessage) {
      item["type"] = "message";
      item["role"] ??= "user";
      item["content"] ??= [];
    }
    // Without an id of its own it gets a derived one, the same with each import.
    if (item["id"] === "" || (seen.has(item["id"]) && item["type"] !== "item_reference")) delete item["id"];
    if (item["id"] !== undefined) seen.add(item["id"]);
    return item;
  });
}

/** The conversation object. Its members are found by index, never by a list that could name what is gone. */
export function conversationOf(stored: ReferenceConversation): Record<string, unknown> {
  const members = Object.entries(stored).filter(([name]) => !["response_ids", "ttl"].includes(name));
  return { ...Object.fromEntries(members), object: "conversation", metadata: stored.metadata ?? {} };
}
