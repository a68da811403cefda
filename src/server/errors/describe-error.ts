import { HoldfastError } from "../../errors.js";
import {
  conversationLocked,
  errorTable,
  idempotencyKeyReused,
  previousResponseNotFound,
  type WireMapping,
} from "./error-table.js";
import type { Failure } from "./failure.js";
import { WireError } from "./wire-error.js";

/**
 * Turns whatever a request ended in into a failure that can be told. What is neither ours nor the framework's is a defect of this
 * program: the client learns nothing of it but the request's id, under which the log has the rest.
 */
export function describeError(error: unknown, requestId: string): Failure {
  if (error instanceof HoldfastError) return describeHoldfastError(error);
  if (error instanceof WireError) {
    const { status, message, type, param, code, shouldRetry } = error;
    return { status, type, code: code ?? codeOf(status), param: param ?? null, message, shouldRetry };
  }
  const refusal = frameworkRefusal(error);
  if (refusal !== undefined) return refusal;
  return {
    status: 500,
    type: "server_error",
    code: "internal_error",
    param: null,
    message: `The request ${requestId} failed for a reason that lies in the service. Its log says more.`,
    shouldRetry: undefined,
  };
}

function describeHoldfastError(error: HoldfastError): Failure {
  const [mapping, param] = mappingOf(error);
  return { shouldRetry: undefined, ...mapping, param, message: error.message };
}

function mappingOf(error: HoldfastError): [mapping: WireMapping, param: string | null] {
  if (error.code === "REVISION_CONFLICT" && typeof error.details["conversation"] === "string") {
    return [conversationLocked, "conversation"];
  }
  if (error.code === "NOT_FOUND" && typeof error.details["previousResponseId"] === "string") {
    return [previousResponseNotFound, "previous_response_id"];
  }
  if (error.code === "INVALID_DOCUMENT" && error.details["idempotencyKey"] === "reused") {
    return [idempotencyKeyReused, "idempotency_key"];
  }
  if (error.code === "INVALID_CURSOR") {
    return [errorTable.INVALID_CURSOR, error.details["parameter"] === "before" ? "before" : "after"];
  }
  const path = error.problems[0]?.path ?? "";
  return [errorTable[error.code], path === "" ? null : parameterOf(path)];
}

/** Turns the JSON Pointer of a problem into the way OpenAI names parameters: `/input/0/role` is `input[0].role`. */
function parameterOf(pointer: string): string {
  const members = pointer.slice(1).split("/");
  return members
    .map((member) => member.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((member, depth) => (/^\d+$/.test(member) ? `[${member}]` : depth === 0 ? member : `.${member}`))
    .join("");
}

/** What fastify refuses before a route sees it: a body too large, a type it can not parse, JSON that is none. */
function frameworkRefusal(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  const status = error.statusCode;
  if (typeof status !== "number" || status < 400 || status > 499) return undefined;
  return {
    status,
    type: "invalid_request_error",
    code: codeOf(status),
    param: null,
    message: error.message,
    shouldRetry: undefined,
  };
}

/** The code of a refusal that has none of its own. */
function codeOf(status: number): string {
  return generalCodes.get(status) ?? (status >= 500 ? "internal_error" : "invalid_request");
}

const generalCodes: ReadonlyMap<number, string> = new Map([
  [400, "invalid_body"],
  [404, "not_found"],
  [413, "request_too_large"],
  [415, "unsupported_media_type"],
]);
