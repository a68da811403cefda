import type { z } from "zod";
import { checkBody } from "../../collections/check-body.js";
import { isHoldfastError } from "../../errors.js";
import type { ProblemList } from "../history/problems.js";

/** What is handed in may be larger than what is kept of it, yet not without bound. */
const limits = { documentBytes: 64 * 1024 * 1024, depth: 96 };

/**
 * Checks a value that a caller handed in, and takes a copy, so that the caller may go on changing its own.
 *
 * @param path where the value stands in the caller's input.
 * @returns `undefined` if problems were noted.
 * @throws HoldfastError `DOCUMENT_TOO_LARGE`
 */
export function checkedCopy<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
  path: string,
  problems: ProblemList,
): Value | undefined {
  try {
    return JSON.parse(checkBody(value, schema, limits, "The replay record")) as Value;
  } catch (error) {
    if (!isHoldfastError(error, "INVALID_DOCUMENT")) throw error;
    for (const problem of error.problems) problems.add(path + problem.path, problem.message);
    return undefined;
  }
}
