import { HoldfastError } from "holdfast";

/**
 * Turns of one conversation take place one after the other. The store would let only one of two win anyway; this tells
 * the second before it costs an answer, and in the same words.
 */
export class ConversationLocks {
  readonly #locked = new Set<string>();

  /**
   * @returns lets the conversation go, once, however often it is called.
   * @throws HoldfastError `REVISION_CONFLICT` with `details.conversation` while another turn has it.
   */
  lock(conversation: string): () => void {
    if (this.#locked.has(conversation)) {
      throw new HoldfastError(
        "REVISION_CONFLICT",
        `Another turn of the conversation ${JSON.stringify(conversation)} is under way. Wait for it to end.`,
        { details: { conversation } },
      );
    }
    this.#locked.add(conversation);
    let held = true;
    return () => {
      if (held) this.#locked.delete(conversation);
      held = false;
    };
  }
}
