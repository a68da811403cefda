import { z } from "zod";

const owner = z.string().min(1).max(256);
const conversation_revision = z.int().min(1);
const input = z.union([z.string(), z.array(z.unknown())]).nullish();

/** `POST /v1/state/responses` and `PUT /v1/state/responses/:id`. Strict: a member misspelt is a member not stored. */
export const recordBody = z.strictObject({
  /** The response object, whole. */
  response: z.unknown().refine((value) => value !== undefined, "is required"),
  /** The turn's own input, as the client sent it. */
  input,
  conversation: z.string().optional(),
  owner: owner.optional(),
  /** The conversation's revision from which the turn was started: its `ETag`. */
  conversation_revision: conversation_revision.optional(),
});

/** `PATCH /v1/state/responses/:id`: a JSON merge patch of these two members. */
export const patchBody = z.strictObject({
  response: z.record(z.string(), z.unknown()).optional(),
  input,
  conversation_revision: conversation_revision.optional(),
});

/** `PUT /v1/state/conversations/:id`. */
export const conversationBody = z.strictObject({
  /** The conversation object; what is left out of it is filled in. */
  conversation: z.record(z.string(), z.unknown()).optional(),
  owner: owner.optional(),
});

/** `POST /v1/state/conversations/:id/items`: what one turn brought, however many items. */
export const turnBody = z.strictObject({ items: z.array(z.unknown()).min(1) });
