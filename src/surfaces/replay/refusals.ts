import { HoldfastError } from "../../errors.js";
import { orderKeyOf } from "./order-key.js";

export function recordNotFound(id: string): HoldfastError {
  return new HoldfastError("NOT_FOUND", `Replay record with id ${JSON.stringify(id)} not found.`, {
    details: { kind: "replay_record", id },
  });
}

export function recordExists(id: string): HoldfastError {
  return new HoldfastError(
    "ALREADY_EXISTS",
    `Replay record with id ${JSON.stringify(id)} is stored already. Leave the id out to have one made.`,
    { details: { kind: "replay_record", id } },
  );
}

/** @param path where the time stands in the caller's input. @throws HoldfastError `INVALID_CONFIG` */
export function orderKeyOfTime(time: string | Date, path: string): string {
  const text = time instanceof Date && !Number.isNaN(time.getTime()) ? time.toISOString() : time;
  const key = typeof text === "string" ? orderKeyOf(text) : undefined;
  if (key !== undefined) return key;
  throw HoldfastError.ofProblems("INVALID_CONFIG", "The replay records can not be chosen by time.", [
    { path, message: "must be an RFC 3339 time" },
  ]);
}
