import type OpenAI from "openai";
import { request } from "../service.js";
import { orAbsent } from "./or-absent.js";

/** What the drill reads of a replay record. */
export interface ReplayRecord {
  readonly id: string;
  readonly lifecycle_state: string;
  readonly terminal_reason?: string;
  readonly decision?: string;
  readonly selected_model?: string;
  readonly previous_response_id?: string;
  readonly conversation_id?: string;
  readonly prompt?: string;
  readonly response_body?: string;
  readonly response_status?: number;
  readonly streaming?: boolean;
  readonly from_cache?: boolean;
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly total_tokens?: number;
}

/** What the drill reads of the sums over all records. */
export interface ReplayAggregate {
  readonly record_count: number;
  readonly lifecycle: Readonly<Record<string, number>>;
  readonly token_volume: Readonly<Record<string, number>>;
  readonly decision_distribution: readonly { readonly name: string; readonly value: number }[];
  readonly model_selection: readonly { readonly name: string; readonly value: number }[];
}

interface ReplayPage {
  readonly data: readonly ReplayRecord[];
  readonly has_more: boolean;
  readonly total: number;
  readonly next_after?: string;
}

/** Small, so that the list is walked by its cursors. */
const recordsPerPage = 30;

/** Reads a record. @returns `undefined` if there is none. */
export function readRecord(client: OpenAI, id: string): Promise<ReplayRecord | undefined> {
  return orAbsent(() => request(() => client.get<ReplayRecord>(`/router_replay/${id}`)));
}

/** Every record there is, whole, and how many the router says there are. */
export async function listRecords(
  client: OpenAI,
): Promise<{ readonly records: readonly ReplayRecord[]; readonly total: number }> {
  const records: ReplayRecord[] = [];
  for (let after: string | undefined; ;) {
    const query = { limit: recordsPerPage, showDetails: true, ...(after === undefined ? {} : { after }) };
    const page = await request(() => client.get<ReplayPage>("/router_replay", { query }));
    records.push(...page.data);
    after = page.next_after;
    if (!page.has_more) return { records, total: page.total };
    if (after === undefined) throw new Error("A page of replay records says that there is more, and not where.");
  }
}

/** The sums over all records, as the router keeps them. */
export function readAggregate(client: OpenAI): Promise<ReplayAggregate> {
  return request(() => client.get<ReplayAggregate>("/router_replay/aggregate"));
}
