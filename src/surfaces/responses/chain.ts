import type { Store } from "../../collections/index.js";
import { HoldfastError } from "../../errors.js";
import type { Item } from "../history/item.js";
import { responseRemovalsCollection } from "../history/removal-document.js";
import type { StoredResponse } from "../history/response-document.js";

/** Most responses that a chain is followed through unless the caller says otherwise; the reference's cap. */
export const defaultChainLimit = 1_000;

export interface BrokenChain {
  /** The response that was to come next, and is not part of the result. */
  readonly id: string;
  /**
   * `missing`: never stored here (made with `store: false`, say). `expired`, `deleted`: it was, and is gone. `cycle`: it
   * is in the chain already. `limit`: it is there, but the chain is longer than the caller wanted.
   */
  readonly reason: "missing" | "expired" | "deleted" | "cycle" | "limit";
}

export interface ResponseChain {
  /** Oldest first; the response asked for is the last one. */
  readonly responses: StoredResponse[];
  /** Whether the first response is the beginning of the history. */
  readonly complete: boolean;
  /** Where and why the chain ends early; absent from a complete one. */
  readonly broken?: BrokenChain;
}

/** Why a response can be read, or not. */
export type Lookup = StoredResponse | "missing" | "expired";

/**
 * Follows `previous_response_id` from the newest response to the root. Each response is read once and appended; the
 * order is turned at the end.
 *
 * @param lookup reads one response; `missing` also stands for those the caller may not see.
 */
export async function followChain(
  store: Store,
  start: string,
  limit: number,
  lookup: (id: string) => Promise<Lookup>,
): Promise<ResponseChain> {
  const newestFirst: StoredResponse[] = [];
  const visited = new Set<string>();
  const broken = (id: string, reason: BrokenChain["reason"]): ResponseChain => ({
    responses: newestFirst.reverse(),
    complete: false,
    broken: { id, reason },
  });
  for (let next: string | null | undefined = start; next !== null && next !== undefined;) {
    if (visited.has(next)) return broken(next, "cycle");
    if (newestFirst.length === limit) return broken(next, "limit");
    visited.add(next);
    const found = await lookup(next);
    if (found === "expired") return broken(next, "expired");
    if (found === "missing") return broken(next, (await removalReason(store, next)) ?? "missing");
    newestFirst.push(found);
    next = found.body.response.previous_response_id;
  }
  return { responses: newestFirst.reverse(), complete: true };
}

/** Stands behind `strict`: a caller that would rather fail than answer from half a history. */
export function assertComplete(chain: ResponseChain, start: string): void {
  if (chain.broken === undefined) return;
  const { id, reason } = chain.broken;
  const where = id === start ? "" : `, in the chain of ${JSON.stringify(start)}`;
  throw new HoldfastError(
    "NOT_FOUND",
    `The previous response ${JSON.stringify(id)} can not be continued from${where}: ${explanations[reason]}`,
    { details: { surface: "responses", previousResponseId: id, reason } },
  );
}

const explanations: Readonly<Record<BrokenChain["reason"], string>> = {
  missing: "it is not stored here. It may have been made with store: false.",
  expired: "it has expired.",
  deleted: "it was deleted.",
  cycle: "it is its own predecessor.",
  limit: "the chain is longer than the limit. Ask for a higher one.",
};

/** The instructions of the newest response that has any; instructions are not inherited, so the newest ones are meant. */
export function newestInstructions(responses: readonly StoredResponse[]): unknown {
  for (const { body } of [...responses].reverse()) {
    const instructions = body.response["instructions"];
    const isEmpty = instructions === null || instructions === undefined || instructions === "";
    if (!isEmpty && !(Array.isArray(instructions) && instructions.length === 0)) return instructions;
  }
  return undefined;
}

/** A chain as one list of items, in the order a model is to read them: of each response its input, then its output. */
export function itemsOfChain(
  responses: readonly StoredResponse[],
): (Item | StoredResponse["body"]["response"]["output"][number])[] {
  return responses.flatMap(({ body }) => [...body.input, ...body.response.output]);
}

async function removalReason(store: Store, id: string): Promise<"deleted" | "expired" | undefined> {
  return (await store.collection(responseRemovalsCollection).get(id))?.body.reason;
}
