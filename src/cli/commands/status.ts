import { Command } from "commander";
import { readStartupStatus, watchStartupStatus } from "../../watch/index.js";
import { interruption } from "../interruption.js";
import type { Bind, Invocation } from "../invocation.js";
import type { Exit } from "../exit-codes.js";
import { printable, printableLines } from "../printable.js";
import { startupStatusLine, startupStatusLines } from "../render/startup-status.js";

interface StatusOptions {
  readonly watch?: boolean;
}

/** Far longer than a first look takes. */
const silenceMs = 500;

export function statusCommand(bind: Bind): Command {
  return new Command("status")
    .summary("tell how the process on the directory is doing")
    .description(
      "Tells how the process on the directory is doing, and whether it lives at all. Ends with 0 if it is ready, else " +
        "with 3. --directory may also name a status folder mounted alone. Takes no lock.",
    )
    .option("--watch", "print every change until interrupted; the directory need not exist yet")
    .action(
      bind(async (invocation, { watch }: StatusOptions) => {
        const { config } = await invocation.loadConfig();
        return await (watch === true ? follow : tell)(invocation, config.directory);
      }),
    );
}

async function tell({ output }: Invocation, directory: string): Promise<Exit> {
  const status = await readStartupStatus(directory);
  if (status === undefined) {
    // The body with which the service, and the reference before it, answers when there is nothing to tell.
    const unknown = { phase: "unknown", ready: false, message: "startup status not available" };
    output.result(unknown, () => [`No process has reported its status in ${directory} yet.`]);
    return "notReady";
  }
  output.result(status, () => startupStatusLines(status, output.paint));
  return status.ready ? "done" : "notReady";
}

async function follow({ output }: Invocation, directory: string): Promise<Exit> {
  using interrupted = interruption();
  const signal = AbortSignal.any([interrupted.signal, output.abandoned]);
  const onWarning = (warning: Error): void => {
    output.remark(printableLines(`holdfast: ${warning.message}`));
  };
  // Without it, nobody could tell a watch that has nothing to say from one that does not work.
  const silence = setTimeout(() => {
    output.remark(`holdfast: nothing has been reported in ${printable(directory)} yet; watching`);
  }, silenceMs);
  try {
    for await (const status of watchStartupStatus(directory, { signal, onWarning })) {
      clearTimeout(silence);
      output.result(status, () => [startupStatusLine(status, output.paint)]);
    }
  } finally {
    clearTimeout(silence);
  }
  return "done";
}
