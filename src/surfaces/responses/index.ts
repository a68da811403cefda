/** Response history: what a router answered, and how its turns hang together. @module */
export { ownerMatches, type AccessCheck, type AccessRequest, type OwnerOptions } from "../history/access.js";
export type { Item, ItemPage, ItemPageOptions } from "../history/item.js";
export type { ItemInput } from "../history/normalize-items.js";
export { responseRemovalsCollection } from "../history/removal-document.js";
export {
  responsesCollection,
  type ResponseObject,
  type StoredResponse,
  type StoredResponseBody,
} from "../history/response-document.js";
export { responseThreadsCollection } from "../history/thread-document.js";
export { visibleResponse } from "../history/visible-item.js";
export { itemsOfChain, newestInstructions, type BrokenChain, type ResponseChain } from "./chain.js";
export type { ListResponsesOptions, ResponsePage } from "./list-responses.js";
export type { RecordedResponse } from "./prepare-response.js";
export {
  defaultTimeToLiveMs,
  Responses,
  type ChainOptions,
  type ChangeOptions,
  type RecordOptions,
  type ResponsePatch,
  type ResponsesOptions,
} from "./responses.js";
export { isFinished } from "./status.js";
