import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { replayPageLimits, type ReplayFilter, type ReplayQuery } from "../../surfaces/replay/replay-query.js";
import { WireError } from "../errors/wire-error.js";

const filterMembers = {
  search: z.string().optional().describe("A part of the request id or of the recipe, in any case."),
  recipe: z.string().optional(),
  decision: z.string().optional().describe("A decision's name, or its key as statistics list it."),
  session_id: z.string().optional(),
  model: z.string().optional().describe("The selected or the original model."),
  cache_status: z.string().optional().describe("all, cached or streamed."),
};

/** The filters, which may be combined. For documentation: the values are read by {@link filterOf}. */
export const filterQuery = z.object(filterMembers);

export const listQuery = z.object({
  ...filterMembers,
  limit: z.string().optional().describe("From 1; more than 100 is 100. Default 20."),
  offset: z.string().optional().describe("Skips so many. Default 0."),
  after: z.string().optional().describe("`next_after` of an earlier page; not with offset."),
  showDetails: z.string().optional().describe("Whether records are whole. Default false."),
});

const filterNames = ["search", "recipe", "decision", "session_id", "model"] as const;
const cacheStatuses = ["all", "cached", "streamed"] as const;
// Those that the reference reads as booleans.
const truths = ["1", "t", "T", "TRUE", "true", "True"];
const falsehoods = ["0", "f", "F", "FALSE", "false", "False"];

/** @throws WireError 400 in the words of the reference. */
export function filterOf(request: FastifyRequest): ReplayFilter {
  const filter = Object.fromEntries(
    filterNames.map((name) => [name, queryText(request, name)] as const).filter(([, value]) => value !== undefined),
  );
  const given = queryText(request, "cache_status") ?? "all";
  const cache_status = cacheStatuses.find((status) => status === given);
  if (cache_status === undefined) throw refuse("cache_status must be one of all, cached, or streamed", "cache_status");
  return { ...filter, cache_status };
}

/** What a listing asks for, and whether its records are to be whole. @throws WireError 400 in the words of the reference. */
export function listOf(request: FastifyRequest): { readonly query: ReplayQuery; readonly showDetails: boolean } {
  const limit = integer(request, "limit") ?? replayPageLimits.standard;
  if (limit <= 0) throw refuse("limit must be greater than zero", "limit");
  const offset = offsetOf(request);
  const after = queryText(request, "after");
  if (after !== undefined && offset !== undefined)
    throw refuse("offset can not be given together with after", "offset");
  const showDetails = boolean(request, "showDetails");
  return {
    query: {
      ...filterOf(request),
      limit: Math.min(limit, replayPageLimits.most),
      ...(after === undefined ? { offset: offset ?? 0 } : { after }),
    },
    showDetails,
  };
}

/** How many are to be skipped. @throws WireError 400 in the words of the reference. */
export function offsetOf(request: FastifyRequest): number | undefined {
  const offset = integer(request, "offset");
  if (offset !== undefined && offset < 0) throw refuse("offset must be zero or greater", "offset");
  return offset;
}

/**
 * A member of the query, trimmed; an empty one is none.
 *
 * @throws WireError 400 for one that is given twice, or a query that can not be decoded.
 */
export function queryText(request: FastifyRequest, name: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(request.url)) throw refuse("invalid query parameters", name);
  const value = (request.query as Readonly<Record<string, string | string[] | undefined>>)[name];
  if (Array.isArray(value)) throw refuse("invalid query parameters", name);
  const text = value?.trim();
  return text === "" ? undefined : text;
}

function integer(request: FastifyRequest, name: string): number | undefined {
  const text = queryText(request, name);
  if (text === undefined) return undefined;
  const value = /^[+-]?\d{1,18}$/.test(text) ? Number(text) : Number.NaN;
  // Beyond the whole numbers there is nothing to count either.
  if (!Number.isSafeInteger(value)) throw refuse(`${name} must be an integer`, name);
  return value;
}

function boolean(request: FastifyRequest, name: string): boolean {
  const text = queryText(request, name);
  if (text === undefined || falsehoods.includes(text)) return false;
  if (truths.includes(text)) return true;
  throw refuse(`${name} must be a boolean`, name);
}

function refuse(message: string, param: string): WireError {
  return new WireError(400, message, { param, code: "invalid_parameter" });
}
