import { Command } from "commander";
import { exportToFile, exportToStream, type ExportProgress, type ExportReport } from "../../transfer/index.js";
import { checkCollectionName } from "../collection-of.js";
import type { Bind } from "../invocation.js";
import { ProgressLine } from "../progress-line.js";
import { damageLines } from "../render/damage.js";
import { quantity } from "../render/quantity.js";

const stageLabels: Record<ExportProgress["stage"], string> = {
  reading: "Reading the state directory",
  gathering: "Gathering documents",
  writing: "Writing documents",
};

interface ExportCommandOptions {
  readonly to?: string;
  readonly replace?: boolean;
  readonly collection?: readonly string[];
  readonly withFiles?: boolean;
}

export function exportCommand(bind: Bind): Command {
  return new Command("export")
    .summary("write all documents as lines of JSON")
    .description(
      "Writes all documents as of one commit, also while a service writes to the directory, to a file or to standard " +
        "output. Takes no lock. Ends with 4 if something could not be read and is therefore not in the export.",
    )
    .option("--to <file>", "the file to write; default: standard output")
    .option("--replace", "replace the file if there is one")
    .option("--collection <name>", "only this collection; can be given more than once", gather)
    .option("--with-files", "the bytes of uploaded files too")
    .action(
      bind(async ({ output, loadConfig }, options: ExportCommandOptions) => {
        for (const name of options.collection ?? []) checkCollectionName(name);
        const { config } = await loadConfig();
        using progress = new ProgressLine(output.progressStream);
        const request = {
          directory: config.directory,
          collections: options.collection,
          withFiles: options.withFiles === true,
          onProgress: ({ stage, done, total }: ExportProgress) => {
            progress.show(stageLabels[stage], done, total);
          },
        };
        const { to } = options;
        const report =
          to === undefined
            ? await exportToStream(process.stdout, output.abandoned, request)
            : await exportToFile(to, options.replace === true, request);
        progress[Symbol.dispose]();
        const lines = [...damageLines(report.damage, output.paint), summaryOf(report)];
        // On standard output stands the export itself.
        if (to === undefined) for (const line of lines) output.remark(line);
        else output.result(report, () => lines);
        return report.damage.length > 0 ? "damaged" : "done";
      }),
    );
}

function gather(name: string, former: readonly string[] | undefined): string[] {
  return [...(former ?? []), name];
}

function summaryOf({ documents, blobs, bytes, sequence }: ExportReport): string {
  const count = Object.values(documents).reduce((sum, each) => sum + each, 0);
  const files = blobs === 0 ? "" : ` and ${quantity(blobs, "file")}`;
  return `${quantity(count, "document")}${files}, ${quantity(bytes, "byte")}, as of commit ${sequence}`;
}
