import { Command } from "commander";
import { waitUntilReady } from "../../watch/index.js";
import type { Bind } from "../invocation.js";
import { secondsAsMs } from "../numbers.js";
import { printable, printableLines } from "../printable.js";
import { startupStatusLine } from "../render/startup-status.js";

interface WaitReadyOptions {
  /** Milliseconds. */
  readonly timeout: number;
}

/** Far longer than a first look takes. */
const silenceMs = 500;

export function waitReadyCommand(bind: Bind): Command {
  return new Command("wait-ready")
    .summary("wait until a process is ready to serve")
    .description(
      "Waits until the process on the directory is ready. Ends with 0 when it is, with 3 when the time is up, and with " +
        "1 at once when it reports the phase error. The directory need not exist yet.",
    )
    .option("--timeout <seconds>", "how long to wait", secondsAsMs, 60_000)
    .action(
      bind(async ({ output, loadConfig }, { timeout }: WaitReadyOptions) => {
        const { config } = await loadConfig();
        const patience = setTimeout(() => {
          output.remark(`holdfast: nothing is ready in ${printable(config.directory)} yet; waiting`);
        }, silenceMs);
        try {
          const status = await waitUntilReady(config.directory, {
            timeoutMs: timeout,
            onWarning: (warning) => {
              output.remark(printableLines(`holdfast: ${warning.message}`));
            },
          });
          output.result(status, () => [startupStatusLine(status, output.paint)]);
          return "done";
        } finally {
          clearTimeout(patience);
        }
      }),
    );
}
