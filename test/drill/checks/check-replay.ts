import type OpenAI from "openai";
import { count } from "../figures.js";
import type { Ledger } from "../ledger.js";
import { readResponse } from "../readings/read-history.js";
import { listRecords, readAggregate, type ReplayAggregate, type ReplayRecord } from "../readings/read-replay.js";
import { compareRecord, judgeEnd, responseOf } from "./check-record.js";

/**
 * Checks all replay records while no turn is under way: those that clients were told of, those of turns that were cut
 * off before, that nothing has two or should have none, and that the sums the router keeps are those of the list.
 *
 * @returns how many records ended in which way.
 */
export async function checkReplay(client: OpenAI, ledger: Ledger): Promise<ReadonlyMap<string, number>> {
  const { records, total } = await listRecords(client);
  const aggregate = await readAggregate(client);
  const byId = new Map(records.map((record) => [record.id, record]));
  ledger.expectEqual("records listed more than once", records.length - byId.size, 0);
  ledger.expectEqual("the number of replay records", total, records.length);
  for (const [id, turn] of ledger.records.turns) {
    const found = byId.get(id);
    if (found === undefined) ledger.lose(`the replay record ${id}, which a client was told of, is not there`);
    else compareRecord(ledger, found, turn);
  }
  const recorded = new Set<string>();
  for (const record of records) await checkListed(client, ledger, record, recorded);
  compareSums(ledger, aggregate, records);
  const ends = new Map<string, number>();
  for (const { lifecycle_state: state, terminal_reason: reason } of records) count(ends, `${state} (${reason ?? "-"})`);
  return ends;
}

/** Checks what must be so of every record, whether a client was told of it or not. */
async function checkListed(client: OpenAI, ledger: Ledger, record: ReplayRecord, recorded: Set<string>): Promise<void> {
  const { id, prompt = "" } = record;
  const turn = ledger.records.turns.get(id);
  const sent = ledger.records.sent.get(prompt);
  if (sent === undefined) ledger.fault(`the record ${id} is of a turn that nobody has taken: ${prompt}`);
  else if (!sent.store) ledger.fault(`the record ${id} is of a turn with store: false`);
  if (recorded.has(prompt)) ledger.fault(`the turn ${prompt} has more than one record`);
  recorded.add(prompt);
  if (turn === undefined) judgeEnd(ledger, record);
  if (record.lifecycle_state !== "completed") return;
  // A response is committed before its record is completed, so a crash can not leave the one without the other.
  const response = responseOf(record);
  if (response === undefined) ledger.fault(`the completed record ${id} tells of no response`);
  else if (!ledger.responses.has(response) && !ledger.absent.has(response)) {
    ledger.checks += 1;
    if ((await readResponse(client, response)) === undefined) {
      ledger.lose(`the record ${id} is completed, and its response ${response} is not there`);
    }
  }
}

/** Counts again, from the list alone, what the router has added up change by change over all its lives. */
function compareSums(ledger: Ledger, aggregate: ReplayAggregate, records: readonly ReplayRecord[]): void {
  const lifecycle = new Map<string, number>();
  const models = new Map<string, number>();
  const decisions = new Map<string, number>();
  const tokens = { input_tokens: 0, output_tokens: 0, total_tokens: 0, excluded_record_count: 0 };
  for (const record of records) {
    count(lifecycle, record.lifecycle_state);
    count(models, record.selected_model ?? "Unknown");
    count(decisions, record.decision ?? "Unknown");
    if (record.total_tokens === undefined) tokens.excluded_record_count += 1;
    tokens.input_tokens += record.prompt_tokens ?? 0;
    tokens.output_tokens += record.completion_tokens ?? 0;
    tokens.total_tokens += record.total_tokens ?? 0;
  }
  const { record_count, token_volume, decision_distribution, model_selection } = aggregate;
  const found = {
    record_count,
    lifecycle: nonZero(Object.entries(aggregate.lifecycle)),
    token_volume,
    decisions: nonZero(decision_distribution.map(({ name, value }) => [name, value])),
    models: nonZero(model_selection.map(({ name, value }) => [name, value])),
  };
  const counted = {
    record_count: records.length,
    lifecycle: nonZero([...lifecycle]),
    token_volume: tokens,
    decisions: nonZero([...decisions]),
    models: nonZero([...models]),
  };
  ledger.expectEqual("the sums over all replay records", found, counted);
}

function nonZero(counts: readonly (readonly [name: string, count: number])[]): Readonly<Record<string, number>> {
  return Object.fromEntries(counts.filter(([, value]) => value > 0));
}
