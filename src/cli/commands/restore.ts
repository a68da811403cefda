import { Command } from "commander";
import { restoreStateDirectory } from "../../backup/restore.js";
import type { Bind } from "../invocation.js";
import { printable } from "../printable.js";
import { ProgressLine } from "../progress-line.js";
import { quantity } from "../render/quantity.js";
import { backupProgress } from "./backup.js";

interface RestoreCommandOptions {
  readonly from: string;
}

export function restoreCommand(bind: Bind): Command {
  return new Command("restore")
    .summary("make a state directory of a backup")
    .description(
      "Checks every file of the backup, copies it into the state directory, which must be new or empty, opens it once " +
        "and verifies it. Ends with 4 if the backup is not complete or damaged, naming each file; then nothing is made.",
    )
    .requiredOption("--from <folder>", "the backup")
    .action(
      bind(async ({ output, loadConfig }, { from }: RestoreCommandOptions) => {
        const { config } = await loadConfig();
        using progress = new ProgressLine(output.progressStream);
        const report = await restoreStateDirectory({
          from,
          directory: config.directory,
          settings: { networkFileSystem: config.networkFileSystem },
          onProgress: backupProgress(progress),
        });
        progress[Symbol.dispose]();
        const { directory, backup, recovery, fileCount } = report;
        output.result(report, () => [
          printable(
            `${directory}: ${quantity(recovery.documents, "document")} in ${quantity(fileCount, "file")}, as of commit ${backup.sequence}, verified`,
          ),
          "Whoever followed changes beyond that commit must read the collections anew.",
        ]);
        return "done";
      }),
    );
}
