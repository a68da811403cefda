import { Command } from "commander";
import type { Bind } from "../invocation.js";
import { openForWriting } from "../open-state.js";
import { recoveryLines } from "../render/recovery-report.js";

export function recoverCommand(bind: Bind): Command {
  return new Command("recover")
    .summary("recover the state directory, and report what that did")
    .description(
      "Takes the directory, recovers it, writes a checkpoint and leaves it closed. What can not be trusted goes to " +
        "quarantine/ and is never deleted. Ends with 4 if acknowledged data is missing.",
    )
    .action(
      bind(async (invocation) => {
        const { config } = await invocation.loadConfig();
        const state = await openForWriting(invocation, config, false);
        // Closed before it is reported: only then is it true that everything is in order.
        await state.close();
        const { recovery } = state;
        invocation.output.result(recovery, () => recoveryLines(recovery, invocation.output.paint));
        return recovery.outcome === "degraded" ? "damaged" : "done";
      }),
    );
}
