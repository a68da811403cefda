import type OpenAI from "openai";
import type { Ledger } from "../ledger.js";
import type { RecordedTurn } from "../record-ledger.js";
import { readAggregate, readRecord, type ReplayRecord } from "../readings/read-replay.js";

/** How the record of a turn may end that was cut off: the router died, or noticed first that its client was gone. */
const abortReasons: ReadonlySet<string | undefined> = new Set(["recovered_after_restart", "client_canceled"]);

/** Reads an acknowledged record back, of a turn that is not under way in the router that is asked. */
export async function checkRecord(client: OpenAI, ledger: Ledger, id: string): Promise<void> {
  const turn = ledger.records.turns.get(id);
  if (turn === undefined) throw new TypeError(`No turn was told of the record ${id}.`);
  const found = await readRecord(client, id);
  if (found === undefined) ledger.lose(`the replay record ${id}, which a client was told of, is not there`);
  else compareRecord(ledger, found, turn);
}

/** Compares a record with what its client knows of the turn. */
export function compareRecord(ledger: Ledger, found: ReplayRecord, turn: RecordedTurn): void {
  const { id } = found;
  const { outcome, text, stream } = turn;
  ledger.expectEqual(`the prompt of the record ${id}`, found.prompt, text);
  if (typeof outcome === "string") {
    judgeEnd(ledger, found);
    // Also the first time, when it equals itself: an end that was seen must stay as it is.
    ledger.expectEqual(`the record ${id}, which had ended`, found, turn.found ?? found);
    turn.found = found;
    return;
  }
  const { usage, previous_response_id: previous, conversation } = outcome;
  const expected = {
    lifecycle_state: "completed",
    terminal_reason: "response_complete",
    response_status: 200,
    streaming: stream,
    from_cache: undefined,
    prompt_tokens: usage?.input_tokens,
    completion_tokens: usage?.output_tokens,
    total_tokens: usage?.total_tokens,
    previous_response_id: previous ?? undefined,
    conversation_id: conversation?.id,
    response: outcome.id,
  };
  const names = Object.keys(expected) as (keyof typeof expected)[];
  const members = { ...found, response: responseOf(found) };
  ledger.expectEqual(
    `the record ${id} of an acknowledged turn`,
    Object.fromEntries(names.map((name) => [name, members[name]])),
    expected,
  );
}

/** Whether a record has ended as it may, when its client was never told how its turn ended. */
export function judgeEnd(ledger: Ledger, record: ReplayRecord): void {
  ledger.checks += 1;
  const { id, lifecycle_state: state, terminal_reason: reason, response_status: status } = record;
  if (state === "in_progress") ledger.leftInProgress += 1;
  const isWhole = state === "completed" && status === 200 && record.total_tokens !== undefined;
  if (isWhole || (state === "aborted" && abortReasons.has(reason))) return;
  ledger.fault(`the record ${id} of a turn that was cut off is ${state} (${String(reason)}, ${String(status)})`);
}

/** The response that a completed record speaks of: its body begins with it. */
export function responseOf({ response_body: body }: ReplayRecord): string | undefined {
  return /"id":"(resp_[^"]+)"/.exec(body ?? "")?.[1];
}

/** Before a router has got its first request, nobody can be in progress. */
export async function checkNothingInProgress(client: OpenAI, ledger: Ledger): Promise<void> {
  ledger.checks += 1;
  const { lifecycle } = await readAggregate(client);
  const count = lifecycle["in_progress"] ?? 0;
  if (count === 0) return;
  ledger.leftInProgress += count;
  ledger.fault(`after a restart, ${count} replay records are in progress, and nobody is left to end them`);
}
