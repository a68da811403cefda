import { z } from "zod";
import { checkId } from "../../collections/check-id.js";
import { HoldfastError } from "../../errors.js";
import { orderKeyOf } from "./order-key.js";
import type { ReplayDocument } from "./record-stream.js";

/** A place in the order of the records; no record need stand there. */
export interface ReplayPlace {
  /** An order key. */
  readonly value: string;
  readonly id: string;
}

const partsSchema = z.tuple([z.string(), z.string()]);

/** The place behind a record, as a text that callers hand back and need not understand. */
export function cursorOf({ id, body }: ReplayDocument): string {
  return Buffer.from(JSON.stringify([body.order_key, id])).toString("base64url");
}

/** @throws HoldfastError `INVALID_CURSOR` for what {@link cursorOf} did not make. */
export function placeOf(cursor: string): ReplayPlace {
  try {
    const [value, id] = partsSchema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
    if (orderKeyOf(value) !== value) throw new RangeError("The cursor names no time.");
    checkId(id);
    return { value, id };
  } catch (cause) {
    throw new HoldfastError(
      "INVALID_CURSOR",
      "The cursor of the replay records can not be read. Pass on what an earlier page gave as next, unchanged.",
      { cause },
    );
  }
}
