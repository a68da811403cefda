import { HoldfastError } from "../../errors.js";

/** The same words whether a document never was, is gone, or belongs to someone else. */
export function notFound(kind: "response" | "conversation" | "item", id: string): HoldfastError {
  const name = kind.charAt(0).toUpperCase() + kind.slice(1);
  return new HoldfastError("NOT_FOUND", `${name} with id ${JSON.stringify(id)} not found.`, { details: { kind, id } });
}
