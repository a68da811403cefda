import { Command } from "commander";
import { verifyStateDirectory } from "../../store/verify.js";
import type { Bind } from "../invocation.js";
import { ProgressLine } from "../progress-line.js";
import { verifyLines } from "../render/verify-report.js";

export function verifyCommand(bind: Bind): Command {
  return new Command("verify")
    .summary("check every byte of the state directory")
    .description(
      "Reads everything in the directory and checks it, changing nothing. Ends with 4 if something is damaged, and " +
        "names each file. Takes no lock.",
    )
    .action(
      bind(async ({ output, loadConfig }) => {
        const { config } = await loadConfig();
        const report = await verify(config.directory, new ProgressLine(output.progressStream));
        output.result(report, () => verifyLines(report, output.paint));
        return report.ok ? "done" : "damaged";
      }),
    );
}

async function verify(directory: string, line: ProgressLine): ReturnType<typeof verifyStateDirectory> {
  using progress = line;
  return await verifyStateDirectory(directory, {
    onProgress: ({ stage, done, total }) => {
      progress.show(`Verifying ${stage}`, done, total);
    },
  });
}
