import { Command } from "commander";
import type { Config } from "../../config/index.js";
import { isHoldfastError } from "../../errors.js";
import { blobName } from "../../blobs/index.js";
import { verifyStateDirectory, type VerifyFinding, type VerifyReport } from "../../store/verify.js";
import type { Bind, Invocation } from "../invocation.js";
import { openForReading } from "../open-state.js";
import { ProgressLine } from "../progress-line.js";
import { verifyLines, type WholeVerifyReport } from "../render/verify-report.js";

export function verifyCommand(bind: Bind): Command {
  return new Command("verify")
    .summary("check every byte of the state directory")
    .description(
      "Reads everything in the directory and checks it, changing nothing. Ends with 4 if something is damaged, and " +
        "names each file. Takes no lock.",
    )
    .action(
      bind(async (invocation) => {
        const { output, loadConfig } = invocation;
        const { config } = await loadConfig();
        const report = await withFiles(
          invocation,
          config,
          await verify(config.directory, new ProgressLine(output.progressStream)),
        );
        output.result(report, () => verifyLines(report, output.paint));
        return report.ok ? "done" : "damaged";
      }),
    );
}

async function verify(directory: string, line: ProgressLine): Promise<VerifyReport> {
  using progress = line;
  return await verifyStateDirectory(directory, {
    onProgress: ({ stage, done, total }) => {
      progress.show(`Verifying ${stage}`, done, total);
    },
  });
}

/** Adds what is found of the bytes of uploaded files. */
async function withFiles(invocation: Invocation, config: Config, report: VerifyReport): Promise<WholeVerifyReport> {
  try {
    await using state = await openForReading(invocation, config);
    using progress = new ProgressLine(invocation.output.progressStream);
    const { files, findings } = await state.files.verify({
      onProgress: (done, total) => {
        progress.show("Verifying uploaded files", done, total);
      },
    });
    const found = findings.map(({ id, detail, severity }): VerifyFinding => {
      return { file: blobName(id), kind: "blob", detail, severity };
    });
    return {
      ...report,
      ok: report.ok && findings.every(({ severity }) => severity === "note"),
      files,
      findings: [...report.findings, ...found],
    };
  } catch (error) {
    // Of a directory that is too damaged to be opened, the damage is the result, and this is part of it.
    if (report.ok || !isHoldfastError(error)) throw error;
    const detail = `uploaded files could not be checked: ${error.message}`;
    return {
      ...report,
      files: 0,
      findings: [...report.findings, { file: "blobs", kind: "blob", detail, severity: "note" }],
    };
  }
}
