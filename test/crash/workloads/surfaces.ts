import { message, response } from "../../surfaces/samples.js";
import type { StateDirectory } from "../product.js";
import type { Session, Workload } from "./workload.js";

/** Conversations and responses as a router keeps them: two clients that each hold a conversation, side by side. */
export const surfaces: Workload = {
  name: "surfaces",
  async run(session) {
    const state = await session.open();
    await Promise.all(["a", "b"].map((client) => converse(session, state, client)));
    session.machine.pass(10);
    await state.conversations.delete("conv_a");
    session.acknowledged(state);
    await state.checkpoint();
    await session.close(state);
  },
};

async function converse(session: Session, state: StateDirectory, client: string): Promise<void> {
  const id = `conv_${client}`;
  await state.conversations.create({ id, items: [message(`msg_${client}_hello`, "user", "hello")] });
  session.acknowledged(state);
  for (let turn = 0; turn < 3; turn += 1) {
    const name = `resp_${client}_${turn}`;
    const question = message(`msg_${client}_${turn}`, "user", "x".repeat(session.random.below(600)));
    // In two phases, as a guarded answer is: begun, and then completed once it may be shown.
    await state.responses.record({
      response: response(name, { status: "in_progress", output: [] }),
      input: [question],
      conversation: id,
    });
    session.acknowledged(state);
    await state.responses.patch(name, {
      response: { status: "completed", output: [message(`${name}_answer`, "assistant", `answer ${turn}`)] },
    });
    session.acknowledged(state);
  }
  await state.conversations.addItems(id, [message(`msg_${client}_end`, "user", "thanks")]);
  session.acknowledged(state);
  await state.responses.delete(`resp_${client}_0`);
  session.acknowledged(state);
}
