import { z } from "zod";
import { defineCollection, type Document } from "../../collections/index.js";
import { documentIdSchema } from "./identifiers.js";
import { itemSchema } from "./item.js";
import { metadataSchema } from "./metadata.js";

/** A conversation object as the OpenAI Conversations API shows it. */
export const conversationObjectSchema = z.looseObject({
  id: documentIdSchema,
  object: z.literal("conversation"),
  created_at: z.number(),
  metadata: metadataSchema,
});
export type ConversationObject = z.infer<typeof conversationObjectSchema>;

/**
 * The body of a document in the collection `conversations`. Its revision grows with each change of its items, which is
 * what lets one of two simultaneous turns lose.
 */
export const storedConversationSchema = z.looseObject({
  conversation: conversationObjectSchema,
  owner: z.string().optional(),
});
export type StoredConversationBody = z.infer<typeof storedConversationSchema>;
export type StoredConversation = Document<StoredConversationBody>;

export const conversationsCollection = defineCollection<StoredConversationBody>({
  name: "conversations",
  schema: storedConversationSchema,
  indexes: { owner: { path: "owner" } },
});

/** One item of one conversation; its document id is `conversationItemKey` of the two. */
export const conversationItemSchema = z.looseObject({
  conversation: documentIdSchema,
  item: itemSchema,
  /** The response whose turn brought it; absent for an item that was added by hand. */
  response: documentIdSchema.optional(),
});
export type ConversationItem = z.infer<typeof conversationItemSchema>;

export const conversationItemsCollection = defineCollection<ConversationItem>({
  name: "conversation_items",
  schema: conversationItemSchema,
  indexes: { conversation: { path: "conversation" } },
});

/**
 * A conversation that was deleted and whose items are still being removed. It is written in the transaction that removes
 * the conversation, and goes with the last item: after a crash in between, it says what is left to do.
 */
export const conversationDeletionSchema = z.looseObject({
  /** Whether its responses go too; else they only leave the conversation. */
  also_responses: z.boolean(),
});
export type ConversationDeletion = z.infer<typeof conversationDeletionSchema>;

/** Named by the id of the conversation. */
export const conversationDeletionsCollection = defineCollection<ConversationDeletion>({
  name: "conversation_deletions",
  schema: conversationDeletionSchema,
});
