import type { StateDirectory } from "../product.js";
import type { Session, Workload } from "./workload.js";

/**
 * Router replay as a router keeps it: records that are added when a request was routed, changed as the answer arrives,
 * and ended once, or never; side by side, with counters over all of them; some are deleted.
 */
export const replayRecords: Workload = {
  name: "replay-records",
  async run(session) {
    const state = await session.open();
    await Promise.all(["a", "b", "c"].map((client) => route(session, state, client)));
    session.machine.pass(10);
    await state.replay.delete("replay_a_1");
    session.acknowledged(state);
    await state.checkpoint();
    await state.replay.deleteSession("session_b");
    session.acknowledged(state);
    await session.close(state);
  },
  async check(state) {
    const problems: string[] = [];
    const { records, total } = await state.replay.list({ limit: 100 });
    for (const { record } of records) {
      const { id, lifecycle_state: state, terminal_reason: reason, response_body: answer } = record;
      // Whoever worked on it is no more, and nobody will end it.
      if (state === "in_progress") problems.push(`the replay record ${id} is still in progress`);
      if (state === "aborted" && reason !== "recovered_after_restart")
        problems.push(`the replay record ${id} was aborted because of ${reason ?? "nothing"}`);
      if (state === "completed" && answer !== `answer of ${id}`)
        problems.push(`the replay record ${id} was completed without its answer`);
    }
    const { recordCount, lifecycle } = await state.replay.aggregate();
    if (recordCount !== records.length || total !== records.length)
      problems.push(`${records.length} replay records are there, ${total} are listed and ${recordCount} counted`);
    const completed = records.filter(({ record }) => record.lifecycle_state === "completed").length;
    if (lifecycle.completed !== completed)
      problems.push(`${completed} replay records are completed, and ${lifecycle.completed} are counted`);
    return problems;
  },
};

async function route(session: Session, state: StateDirectory, client: string): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    const id = `replay_${client}_${turn}`;
    await state.replay.add({
      id,
      timestamp: new Date(session.machine.now()).toISOString(),
      session_id: `session_${client}`,
      decision: "route",
      selected_model: session.random.one(["small", "large"]),
      request_body: "x".repeat(session.random.below(600)),
    });
    session.acknowledged(state);
    await state.replay.updateStatus(id, { response_status: 200, streaming: true });
    session.acknowledged(state);
    if (turn === 2 && session.random.chance(0.5)) continue;
    await state.replay.patch(id, {
      response: { body: `answer of ${id}` },
      usage: { actual_cost: 0.25 },
      finish: { state: "completed" },
    });
    session.acknowledged(state);
    const timestamp = new Date(session.machine.now()).toISOString();
    await state.replay.appendOutcome(id, { timestamp, source: "user", target: "answer", verdict: "good" });
    session.acknowledged(state);
  }
}
