import { Command } from "commander";
import { backUpStateDirectory, type BackupProgress } from "../../backup/backup.js";
import { fileBytes } from "../../transfer/index.js";
import type { Bind } from "../invocation.js";
import { printable } from "../printable.js";
import { ProgressLine } from "../progress-line.js";
import { damageLines } from "../render/damage.js";
import { quantity } from "../render/quantity.js";

const stageLabels: Record<BackupProgress["stage"], string> = {
  reading: "Reading the state directory",
  documents: "Copying documents",
  blobs: "Copying files",
  checking: "Checking the backup",
  copying: "Copying",
  opening: "Opening what was restored",
  verifying: "Verifying what was restored",
};

interface BackupCommandOptions {
  readonly to: string;
}

export function backupCommand(bind: Bind): Command {
  return new Command("backup")
    .summary("copy the state directory, as of one moment")
    .description(
      "Copies the state directory into a new or empty folder, as of one commit, also while a service writes to it. " +
        "Takes no lock. Ends with 4 if something could not be read and is therefore not in the backup.",
    )
    .requiredOption("--to <folder>", "a new or empty folder")
    .action(
      bind(async ({ output, loadConfig }, { to }: BackupCommandOptions) => {
        const { config } = await loadConfig();
        using progress = new ProgressLine(output.progressStream);
        const report = await backUpStateDirectory({
          directory: config.directory,
          to,
          blobNaming: fileBytes,
          onProgress: backupProgress(progress),
        });
        progress[Symbol.dispose]();
        output.result(report, () => [
          ...damageLines(report.damage, output.paint),
          printable(
            `${report.directory}: ${quantity(report.fileCount, "file")}, ${quantity(report.bytes, "byte")}, as of commit ${report.sequence}`,
          ),
        ]);
        return report.damage.length > 0 ? "damaged" : "done";
      }),
    );
}

export function backupProgress(line: ProgressLine): (progress: BackupProgress) => void {
  return ({ stage, done, total }) => {
    line.show(stageLabels[stage], done, total);
  };
}
