import { z } from "zod";
import type { ErrorShape } from "../routing/describe-route.js";
import type { Failure } from "./failure.js";

/** The error body of the OpenAI API: all four members always there. */
export const openaiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});

/** The error body of the reference's replay routes (surfaces 2.6): one type for all, and the status as the code. */
export const replayErrorSchema = z.object({
  error: z.object({ message: z.string(), type: z.literal("invalid_request_error"), code: z.int() }),
});

/** The error body of the reference's management routes (surfaces 9.5, X4): the code in capitals. */
export const managementErrorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), timestamp: z.iso.datetime(), request_id: z.string() }),
});

export type ErrorBody =
  z.infer<typeof openaiErrorSchema> | z.infer<typeof replayErrorSchema> | z.infer<typeof managementErrorSchema>;

/**
 * Tells a failure in the shape of a route.
 *
 * @param now milliseconds since 1970.
 */
export function errorBody(failure: Failure, shape: ErrorShape, requestId: string, now: number): ErrorBody {
  const { status, type, code, param, message } = failure;
  switch (shape) {
    case "openai":
      return { error: { message, type, param, code } };
    case "replay":
      return { error: { message, type: "invalid_request_error", code: status } };
    case "management":
      return {
        error: {
          code: code.toUpperCase(),
          message,
          timestamp: new Date(now).toISOString(),
          request_id: requestId,
        },
      };
  }
}

/** In the reference, whoever may not call a replay route is told so by the management listener, in its own shape. */
export function shapeFor(shape: ErrorShape, status: number): ErrorShape {
  return shape === "replay" && (status === 401 || status === 403) ? "management" : shape;
}
