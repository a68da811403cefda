import { HoldfastError, type Problem } from "../../errors.js";
import type { IndexValue } from "../../collections/index.js";
import { decisionIndexOf } from "./decision-key.js";
import type { StoredReplayBody } from "./replay-document.js";
import type { StoredReplayRecord } from "./replay-document.js";

/** Which records: everything given must hold. Texts are trimmed, and an empty one says nothing. */
export interface ReplayFilter {
  /** A part of the request id or of the recipe, in any case. */
  readonly search?: string | undefined;
  readonly recipe?: string | undefined;
  /** A decision by its name, or by its key (`recipe::name`) as statistics list it. */
  readonly decision?: string | undefined;
  readonly session_id?: string | undefined;
  /** The selected or the original model. */
  readonly model?: string | undefined;
  /** `cached`: answered from a cache. `streamed`: answered as a stream. Default `all`. */
  readonly cache_status?: "all" | "cached" | "streamed" | undefined;
}

export interface ReplayQuery extends ReplayFilter {
  /** 1 to 100. Default 20. */
  readonly limit?: number | undefined;
  /** Skips so many. Records that arrive meanwhile shift such a page; `after` does not know that. Not with `after`. */
  readonly offset?: number | undefined;
  /** `next` of an earlier page. Works on when the record it was taken from is gone. */
  readonly after?: string | undefined;
  /** Ends the page before its records pass so many bytes as JSON. One record is always given. Default: no bound. */
  readonly maximumBytes?: number | undefined;
}

/** Newest first. */
export interface ReplayPage {
  readonly records: StoredReplayRecord[];
  /** How many match, before paging. */
  readonly total: number;
  readonly hasMore: boolean;
  /** Where to go on with `after`; only when `hasMore`. */
  readonly next?: string;
  /** As applied: the offset is at most `total`. It is 0 on a page that was asked for with `after`. */
  readonly limit: number;
  readonly offset: number;
}

export const replayPageLimits = { most: 100, standard: 20 } as const;

/** A filter in the store's terms. */
export interface Selection {
  readonly search: string | undefined;
  /** One listing for each; together they hold every record that can match. A record may be in both. */
  readonly alternatives: readonly Readonly<Record<string, IndexValue>>[];
  /** Whether the counters can tell, without looking at records. */
  readonly isCounted: boolean;
  readonly session: string | undefined;
  readonly dimensions: {
    readonly recipe: string | undefined;
    readonly decision: string | undefined;
    readonly model: string | undefined;
    readonly cacheStatus: "cached" | "streamed" | undefined;
  };
}

/**
 * Reads a filter.
 *
 * @throws HoldfastError `INVALID_CONFIG` if `cache_status` is none of the three, or a member is not a text.
 */
export function selectionOf(filter: ReplayFilter): Selection {
  const problems: Problem[] = [];
  const text = (name: "search" | "recipe" | "decision" | "session_id" | "model"): string | undefined => {
    const value: unknown = filter[name];
    if (value !== undefined && typeof value !== "string")
      problems.push({ path: `/${name}`, message: "must be a text" });
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  const [search, recipe, decision] = [text("search"), text("recipe"), text("decision")];
  const [session, model] = [text("session_id"), text("model")];
  const status: unknown = filter.cache_status;
  const cacheStatus = typeof status === "string" ? status.trim() : "all";
  if (
    !["", "all", "cached", "streamed"].includes(cacheStatus) ||
    (status !== undefined && typeof status !== "string")
  ) {
    problems.push({ path: "/cache_status", message: "must be one of all, cached, or streamed" });
  }
  if (problems.length > 0) throw HoldfastError.ofProblems("INVALID_CONFIG", "The replay query is not valid.", problems);

  // The index of the first member is the one that is walked: the most telling stand first.
  const common: Record<string, IndexValue> = {
    ...(session === undefined ? {} : { session_id: session }),
    ...(decision === undefined ? {} : { [decisionIndexOf(decision)]: decision }),
  };
  const rest: Record<string, IndexValue> = {
    ...(recipe === undefined ? {} : { recipe }),
    ...(cacheStatus === "cached" ? { from_cache: true } : {}),
    ...(cacheStatus === "streamed" ? { streaming: true } : {}),
  };
  return {
    search: search?.toLowerCase(),
    alternatives:
      model === undefined
        ? [{ ...common, ...rest }]
        : [
            { ...common, selected_model: model, ...rest },
            { ...common, original_model: model, ...rest },
          ],
    isCounted: search === undefined && session === undefined,
    session,
    dimensions: {
      recipe,
      decision,
      model,
      cacheStatus: cacheStatus === "cached" || cacheStatus === "streamed" ? cacheStatus : undefined,
    },
  };
}

/** The parts of a record that a cell of the counters is about. */
export interface Dimensions {
  readonly recipe: string | undefined;
  readonly decision: string | undefined;
  readonly decision_key: string | undefined;
  readonly selected_model: string | undefined;
  readonly original_model: string | undefined;
  readonly from_cache: boolean;
  readonly streaming: boolean;
}

export function matchesDimensions(dimensions: Dimensions, { dimensions: wanted }: Selection): boolean {
  const { recipe, decision, model, cacheStatus } = wanted;
  return (
    (recipe === undefined || dimensions.recipe === recipe) &&
    (decision === undefined || dimensions[decisionIndexOf(decision)] === decision) &&
    (model === undefined || dimensions.selected_model === model || dimensions.original_model === model) &&
    (cacheStatus !== "cached" || dimensions.from_cache) &&
    (cacheStatus !== "streamed" || dimensions.streaming)
  );
}

/** What no index can answer. */
export function matchesSearch({ record }: StoredReplayBody, { search }: Selection): boolean {
  if (search === undefined) return true;
  return [record.request_id, record.recipe].some((text) => text?.toLowerCase().includes(search) === true);
}
