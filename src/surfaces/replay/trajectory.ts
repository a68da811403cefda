import { createHash } from "node:crypto";
import { stepsOf, type TracedRecord, type TrajectoryStep } from "./trajectory-steps.js";

/** A message of a trajectory, in the shape of chat completions. */
export interface TrajectoryMessage {
  readonly role: "user" | "assistant" | "tool";
  readonly content?: string;
  readonly tool_calls?: readonly TrajectoryToolCall[];
  readonly tool_call_id?: string;
}

export interface TrajectoryToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/**
 * Joins the records of a session to one conversation, without what they repeat.
 *
 * Each request of a tool loop restates the loop so far, from the user's last message onward. So a step that the client
 * sent is left out if the turn has it already, told by its call id. What a model answered is never a repeat: models
 * that number their calls from zero again in each answer lose none.
 *
 * It remembers what was told, not the text of it, so a session of any length can be joined record by record.
 */
export class Trajectory {
  readonly #turns = new TurnIndex();

  /** @returns the messages that the session's next record adds. Records come oldest first. */
  add(record: TracedRecord): TrajectoryMessage[] {
    return messagesOf(this.#turns.newSteps(stepsOf(record)));
  }
}

/** Joins records that are all there: see {@link Trajectory}. */
export function trajectoryOf(records: readonly TracedRecord[]): TrajectoryMessage[] {
  const trajectory = new Trajectory();
  return records.flatMap((record) => trajectory.add(record));
}

/** One turn: from a message of the user to the next one. */
interface Turn {
  readonly user: string | undefined;
  /** How often each step occurs in it. */
  readonly told: Map<string, number>;
}

class TurnIndex {
  /** The newest turn in which a call stands. Loops of one session may run side by side, so it need not be the last. */
  readonly #turnOfCall = new Map<string, Turn>();
  #last: Turn = { user: undefined, told: new Map() };

  /** The steps that no earlier record of the session has told. */
  newSteps(steps: readonly TrajectoryStep[]): TrajectoryStep[] {
    const restated = this.#restatedTurn(steps);
    // How often each step may still be left out. The turn itself grows while its steps are looked at.
    const toldBefore = new Map(restated?.told);
    let turn = restated ?? this.#last;
    const fresh: TrajectoryStep[] = [];
    for (const step of steps) {
      const key = keyOf(step);
      const left = isFromClient(step) ? (toldBefore.get(key) ?? 0) : 0;
      if (left > 0) {
        toldBefore.set(key, left - 1);
        continue;
      }
      if (step.type === "user_input") {
        turn = { user: step.text, told: new Map() };
        this.#last = turn;
      }
      turn.told.set(key, (turn.told.get(key) ?? 0) + 1);
      if (step.tool_call_id !== undefined) this.#turnOfCall.set(step.tool_call_id, turn);
      fresh.push(step);
    }
    return fresh;
  }

  /** The turn that a record goes on with: one that has a call or result the client sent along. */
  #restatedTurn(steps: readonly TrajectoryStep[]): Turn | undefined {
    const user = steps.find(({ type }) => type === "user_input")?.text;
    for (const step of steps) {
      if (!isFromClient(step) || step.type === "user_input") continue;
      const turn = step.tool_call_id === undefined ? this.#last : this.#turnOfCall.get(step.tool_call_id);
      if (turn === undefined || (step.tool_call_id === undefined && !turn.told.has(keyOf(step)))) continue;
      if (mayBeOneText(turn.user, user)) return turn;
    }
    return undefined;
  }
}

/** Texts may have been cut at different lengths; one that is not known says nothing. */
function mayBeOneText(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one.startsWith(other) || other.startsWith(one);
}

function isFromClient({ source }: TrajectoryStep): boolean {
  return source !== "response" && source !== "stream";
}

/** What makes two steps of one turn the same: the call, where there is one. Texts may have been cut differently. */
function keyOf({ type, tool_call_id, text, tool_name, arguments: given, output }: TrajectoryStep): string {
  if (type === "user_input") return type;
  if (tool_call_id !== undefined) return JSON.stringify([type, tool_call_id]);
  return createHash("sha256")
    .update(JSON.stringify([type, text, tool_name, given, output]))
    .digest("base64");
}

/** Tool calls that follow each other within one record are one message; steps without a role are left out. */
function messagesOf(steps: readonly TrajectoryStep[]): TrajectoryMessage[] {
  const messages: TrajectoryMessage[] = [];
  let calls: TrajectoryToolCall[] | undefined;
  for (const step of steps) {
    if (step.type === "assistant_tool_call") {
      if (calls === undefined) {
        calls = [];
        messages.push({ role: "assistant", tool_calls: calls });
      }
      calls.push({
        id: step.tool_call_id ?? "",
        type: "function",
        function: { name: step.tool_name ?? "", arguments: step.arguments ?? "" },
      });
      continue;
    }
    const message = messageOf(step);
    if (message === undefined) continue;
    calls = undefined;
    messages.push(message);
  }
  return messages;
}

function messageOf(step: TrajectoryStep): TrajectoryMessage | undefined {
  switch (step.type) {
    case "user_input":
      return { role: "user", ...content(step.text) };
    case "client_tool_result":
      return {
        role: "tool",
        ...content(step.output),
        ...(step.tool_call_id === undefined ? {} : { tool_call_id: step.tool_call_id }),
      };
    case "assistant_final_response":
      return { role: "assistant", ...content(step.text) };
    default:
      return undefined;
  }
}

function content(text: string | undefined): { readonly content?: string } {
  return text === undefined || text === "" ? {} : { content: text };
}
