import {
  conversationDeletionsCollection,
  conversationItemsCollection,
  conversationsCollection,
} from "../../surfaces/conversations/index.js";
import {
  defaultTimeToLiveMs,
  responseRemovalsCollection,
  responsesCollection,
  responseThreadsCollection,
} from "../../surfaces/responses/index.js";
import { collectionContract } from "../collection-contract.js";
import { duration } from "../quantities.js";
import { durableDocuments, mostDocumentRoutes } from "../phrases.js";
import type { SurfaceContract } from "../surface-contract.js";

export const responsesContract: SurfaceContract = {
  surface: "responses",
  class: "shared_durable_workflow_state",
  class_here: "restart_safe_local_state",
  owner: "src/surfaces/responses, in the process that holds the directory",
  backend: ["journal"],
  durability: "journaled",
  collections: [
    collectionContract(responsesCollection, "one response with its own input"),
    collectionContract(responseThreadsCollection, "the one expiry that the responses of a history share"),
    collectionContract(responseRemovalsCollection, "why a response is gone, for as long as it would have been kept"),
  ],
  acknowledgment: `${durableDocuments} With a conversation, the turn's items joined it in the same transaction, once.`,
  retention: {
    limits: { timeToLiveMs: defaultTimeToLiveMs },
    rule:
      `A history expires as a whole, ${duration(defaultTimeToLiveMs)} after the last write to any of its responses ` +
      "(`responses.timeToLiveSeconds`), so that no parent goes before its children. What has expired is not found from " +
      "that moment; its space comes back within the hour.",
  },
  restart:
    "Nothing is lost: chains are whole, what had expired stays expired, a removal that was interrupted is finished. A " +
    "response that was recorded as `in_progress` stays so until its router records the outcome.",
  reported: [
    "a chain with a gap: where it broke and why (`missing`, `expired`, `deleted`, `cycle`, `limit`), with each chain",
    "documents that were damaged: `status/recovery.json`, by id",
  ],
  access: mostDocumentRoutes,
};

export const conversationsContract: SurfaceContract = {
  surface: "conversations",
  class: "shared_durable_workflow_state",
  class_here: "restart_safe_local_state",
  owner: "src/surfaces/conversations, in the process that holds the directory",
  backend: ["journal"],
  durability: "journaled",
  collections: [
    collectionContract(conversationsCollection, "one conversation; its revision grows with each change of its items"),
    collectionContract(conversationItemsCollection, "one item of one conversation"),
    collectionContract(conversationDeletionsCollection, "a conversation that is deleted while its items still go"),
  ],
  acknowledgment: `${durableDocuments} A deleted conversation can not be found, nor any of its items.`,
  retention: {
    limits: {},
    rule: "Conversations do not expire. Their responses do, and leave their items in the conversation.",
  },
  restart: "Nothing is lost. A deletion that was interrupted is finished.",
  reported: [
    "two turns at once: one is refused with `conversation_locked`",
    "documents that were damaged: `status/recovery.json`, by id",
  ],
  access: mostDocumentRoutes,
};
