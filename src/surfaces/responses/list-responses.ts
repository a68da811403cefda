import type { Store } from "../../collections/index.js";
import type { OwnerOptions } from "../history/access.js";
import { conversationsCollection } from "../history/conversation-document.js";
import { notFound } from "../history/refusals.js";
import { responsesCollection, type StoredResponse } from "../history/response-document.js";
import { visiblePage, type VisiblePageOptions } from "../history/visible-page.js";
import type { ResponseReader } from "./response-reader.js";

export interface ListResponsesOptions extends VisiblePageOptions, OwnerOptions {
  /** Only those of this conversation, found by index. */
  readonly conversation?: string;
}

export interface ResponsePage {
  readonly responses: StoredResponse[];
  readonly hasMore: boolean;
}

/** Reads a page of the responses that live and that the caller may see. */
export async function listResponses(
  store: Store,
  reader: ResponseReader,
  options: ListResponsesOptions,
): Promise<ResponsePage> {
  const { conversation, owner } = options;
  if (conversation !== undefined) {
    const found = await store.collection(conversationsCollection).get(conversation);
    const action = { surface: "conversations", id: conversation, action: "read", caller: owner } as const;
    if (found === undefined || !reader.access({ ...action, owner: found.body.owner })) {
      throw notFound("conversation", conversation);
    }
  }
  const known = new Map<string, boolean>();
  const page = await visiblePage(
    store.collection(responsesCollection),
    options,
    conversation === undefined ? {} : { conversation },
    async (document) =>
      reader.allows(document, "read", owner) && (await reader.isLiving(store, document.body.thread, known)),
  );
  return { responses: page.documents, hasMore: page.hasMore };
}
