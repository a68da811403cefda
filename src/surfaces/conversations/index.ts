/** Conversations and their items. @module */
export {
  conversationDeletionsCollection,
  conversationItemsCollection,
  conversationsCollection,
  type ConversationObject,
  type StoredConversation,
} from "../history/conversation-document.js";
export { mostItemsPerCall } from "../history/item.js";
export { visibleItem } from "../history/visible-item.js";
export {
  Conversations,
  type AddItems,
  type ChangeConversation,
  type ConversationsOptions,
  type CreateConversation,
} from "./conversations.js";
