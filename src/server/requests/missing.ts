import { errorTable } from "../errors/error-table.js";
import { WireError } from "../errors/wire-error.js";

/** The 404 for an object that is not there, in the words OpenAI uses. */
export function missing(kind: "Response" | "Conversation" | "Item" | "File", id: string): WireError {
  const { status, type, code } = errorTable.NOT_FOUND;
  return new WireError(status, `${kind} with id ${JSON.stringify(id)} not found.`, { type, code });
}
