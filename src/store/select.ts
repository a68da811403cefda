import type { IndexValue, ListOptions, OrderPosition } from "../collections/index.js";
import { checkId } from "../collections/check-id.js";
import { HoldfastError, type Problem } from "../errors.js";
import type { CollectionState } from "./collection-state.js";
import type { Place } from "./document-order.js";
import { storedKeys } from "./index-keys.js";
import type { Listed } from "./listed.js";
import { mergeInOrder } from "./merge-in-order.js";
import { assertReadable } from "./unreadable-version.js";
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
  readonly found: readonly Listed[];
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
 * Finds the documents of a page without giving way, so it is a picture of one moment. Those in packs are not read.
 *
 * @param overlay versions that stand in place of the acknowledged ones: what a transaction sees.
 * @param now what the expiry clock says; what has expired is left out.
 * @throws HoldfastError `INVALID_CURSOR`; `CORRUPT` if the document to continue from can not be read
 */
export function select(
  state: CollectionState,
  query: Query,
  overlay: ReadonlyMap<string, Version>,
  now: number,
): Selection {
  const wanted = query.after ?? query.before;
  const cursor =
    typeof wanted === "string" ? placeOf(state, wanted, overlay, now) : wanted && positionOf(state, wanted);
  // `before` asks for what directly precedes: it is read backwards and turned round.
  const backwards = query.before !== undefined;
  const direction = (query.order === "asc") === backwards ? "desc" : "asc";
  const found: Listed[] = [];
  let hasMore = false;
  for (const listed of matching(state, query.where, overlay, direction, cursor)) {
    if (listed.expiresAtMs <= now) continue;
    if (found.length === query.limit) {
      hasMore = true;
      break;
    }
    found.push(listed);
  }
  return { found: backwards ? found.reverse() : found, hasMore };
}

/** A place that only has what a declared order looks at. */
function positionOf(state: CollectionState, { value, id }: OrderPosition): Place {
  const keys: Place["keys"] = [...Object.keys(state.definition?.indexes ?? {}).map(() => undefined), value];
  return { id, createdSequence: 0, createdIndex: 0, keys };
}

function placeOf(state: CollectionState, id: string, overlay: ReadonlyMap<string, Version>, now: number): Place {
  const version = overlay.get(id) ?? state.find(id);
  if (version !== undefined && !version.deleted && version.expiresAtMs > now) {
    if (version.packed === undefined) return version;
    assertReadable(version);
    return { ...version, keys: storedKeys(state.definition, version, String(version.body)) };
  }
  throw new HoldfastError("INVALID_CURSOR", `${state.name} has no document ${JSON.stringify(id)} to continue from.`, {
    details: { collection: state.name, cursor: id },
  });
}

/** Everything with the values asked for, in the order of listings; nothing is read from packs but their indexes. */
export function matching(
  state: CollectionState,
  where: Query["where"],
  overlay: ReadonlyMap<string, Version>,
  direction: "asc" | "desc",
  cursor?: Place,
): Iterable<Listed> {
  const first = where[0];
  const base = state.walk({ direction, index: first?.index, value: first?.value, after: cursor });
  // What is in memory, too, was found by the first index.
  if (overlay.size === 0) return where.length < 2 ? base : allMatching(base, where, overlay);
  const { compare } = state;
  const sign = direction === "asc" ? 1 : -1;
  const over = [...overlay.values()]
    .filter((version) => !version.deleted && where.every(({ index, value }) => version.keys[index] === value))
    .filter((version) => cursor === undefined || compare(version, cursor) * sign > 0)
    .sort((left, right) => compare(left, right) * sign)
    .map((version): Listed => {
      const { id, expiresAtMs } = version;
      return { id, orderKey: state.orderKeyOf(version), expiresAtMs, version, packed: undefined, read: undefined };
    });
  return mergeInOrder([over.values(), allMatching(base, where, overlay)], direction);
}

function* allMatching(
  listed: Iterable<Listed>,
  where: Query["where"],
  hidden: ReadonlyMap<string, Version>,
): Generator<Listed> {
  for (const one of listed) {
    if (hidden.has(one.id)) continue;
    const { version, packed, orderKey } = one;
    const matches =
      version !== undefined
        ? where.every(({ index, value }) => version.keys[index] === value)
        : // The walk goes along the first index; the others are asked.
          where.slice(1).every(({ index, value }) => packed?.pack.holds(index, value, orderKey) === true);
    if (matches) yield one;
  }
}
