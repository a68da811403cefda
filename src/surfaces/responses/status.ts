import type { ResponseObject } from "../history/response-document.js";

const unfinished: ReadonlySet<string> = new Set(["queued", "in_progress"]);
const withoutResult: ReadonlySet<string> = new Set(["failed", "cancelled"]);

/** Whether the response will not change any more. A status this program does not know counts as finished. */
export function isFinished({ status = "completed" }: ResponseObject): boolean {
  return !unfinished.has(status);
}

/**
 * Whether the turn belongs into its conversation. A failed or cancelled one does not: its client will repeat the turn,
 * and an answer that a guard stopped must not come back as history.
 */
export function isPartOfConversation(response: ResponseObject): boolean {
  return isFinished(response) && !withoutResult.has(response.status ?? "completed");
}
