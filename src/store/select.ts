import type { IndexValue, ListOptions, OrderPosition } from "../collections/index.js";
import { checkId } from "../collections/check-id.js";
import { HoldfastError, type Problem } from "../errors.js";
import type { CollectionState } from "./collection-state.js";
import type { Place } from "./document-order.js";
import type { Version } from "./version.js";

/** A listing, checked. */
export interface Query {
  /** Positions of indexes, and the values wanted of them. */
  readonly where: readonly { readonly index: number; readonly value: IndexValue }[];
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly after: string | OrderPosition | undefined;
  readonly before: string | OrderPosition | undefined;
}

export interface Selection {
  readonly versions: readonly Version[];
  readonly hasMore: boolean;
}

const defaultLimit = 100;
const largestLimit = 10_000;

/** @throws HoldfastError `INVALID_CONFIG`, every problem listed; `INVALID_ID` for a cursor that can not be an id */
export function parseQuery(state: CollectionState, options: ListOptions): Query {
  const problems: Problem[] = [];
  const declared = Object.keys(state.definition?.indexes ?? {});
  const where: { index: number; value: IndexValue }[] = [];
  for (const [name, value] of Object.entries(options.where ?? {})) {
    const index = declared.indexOf(name);
    if (index < 0) problems.push({ path: `/where/${name}`, message: `${state.name} declares no such index` });
    else where.push({ index, value });
  }
  const limit = options.limit ?? defaultLimit;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > largestLimit) {
    problems.push({ path: "/limit", message: `must be a whole number from 1 to ${largestLimit}` });
  }
  if (options.after !== undefined && options.before !== undefined) {
    problems.push({ path: "/before", message: "can not be given together with after" });
  }
  for (const cursor of ["after", "before"] as const) {
    if (typeof options[cursor] === "object" && state.definition?.order === undefined)
      problems.push({ path: `/${cursor}`, message: `${state.name} declares no order to have a position in` });
  }
  if (problems.length > 0)
    throw HoldfastError.ofProblems("INVALID_CONFIG", `The listing of ${state.name} is not valid.`, problems);
  for (const cursor of [options.after, options.before]) {
    if (cursor !== undefined) checkId(typeof cursor === "string" ? cursor : cursor.id);
  }
  return { where, order: options.order ?? "asc", limit, after: options.after, before: options.before };
}

/**
 * Finds the versions of a page without giving way, so it is a picture of one moment.
 *
 * @param overlay versions that stand in place of the acknowledged ones: what a transaction sees.
 * @throws HoldfastError `INVALID_CURSOR`
 */
export function select(
  state: CollectionState,
  query: Query,
  overlay: ReadonlyMap<string, Version>,
  isLiving: (version: Version) => boolean,
): Selection {
  const wanted = query.after ?? query.before;
  const cursor =
    typeof wanted === "string" ? placeOf(state, wanted, overlay, isLiving) : wanted && positionOf(state, wanted);
  // `before` asks for what directly precedes: it is read backwards and turned round.
  const backwards = query.before !== undefined;
  const direction = (query.order === "asc") === backwards ? "desc" : "asc";
  const versions: Version[] = [];
  let hasMore = false;
  for (const version of walk(state, query, overlay, direction, cursor)) {
    if (!isLiving(version)) continue;
    if (versions.length === query.limit) {
      hasMore = true;
      break;
    }
    versions.push(version);
  }
  return { versions: backwards ? versions.reverse() : versions, hasMore };
}

/** A place that only has what a declared order looks at. */
function positionOf(state: CollectionState, { value, id }: OrderPosition): Place {
  const keys: Place["keys"] = [...Object.keys(state.definition?.indexes ?? {}).map(() => undefined), value];
  return { id, createdSequence: 0, createdIndex: 0, keys };
}

function placeOf(
  state: CollectionState,
  id: string,
  overlay: ReadonlyMap<string, Version>,
  isLiving: (version: Version) => boolean,
): Place {
  const version = overlay.get(id) ?? state.acknowledged.get(id);
  if (version !== undefined && !version.deleted && isLiving(version)) return version;
  throw new HoldfastError("INVALID_CURSOR", `${state.name} has no document ${JSON.stringify(id)} to continue from.`, {
    details: { collection: state.name, cursor: id },
  });
}

function* walk(
  state: CollectionState,
  query: Query,
  overlay: ReadonlyMap<string, Version>,
  direction: "asc" | "desc",
  cursor: Place | undefined,
): Generator<Version> {
  const matches = (version: Version): boolean => query.where.every(({ index, value }) => version.keys[index] === value);
  const first = query.where[0];
  const base = state.ordered(first?.index, first?.value)?.walk(direction, cursor);
  if (overlay.size === 0) {
    for (const version of base ?? []) if (matches(version)) yield version;
    return;
  }
  const { compare } = state;
  const sign = direction === "asc" ? 1 : -1;
  const over = [...overlay.values()]
    .filter((version) => !version.deleted && matches(version))
    .filter((version) => cursor === undefined || compare(version, cursor) * sign > 0)
    .sort((left, right) => compare(left, right) * sign);
  let next = 0;
  for (const version of base ?? []) {
    if (overlay.has(version.id) || !matches(version)) continue;
    for (; next < over.length && compare(over[next] as Version, version) * sign < 0; next += 1)
      yield over[next] as Version;
    yield version;
  }
  for (; next < over.length; next += 1) yield over[next] as Version;
}
