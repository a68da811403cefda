import { Command, Option } from "commander";
import { builtInCollections } from "../../built-in-surfaces.js";
import type { Config } from "../../config/index.js";
import { HoldfastError } from "../../errors.js";
import type { StateDirectory } from "../../open-state-directory.js";
import {
  importFile,
  importKinds,
  importStream,
  type ExistingPolicy,
  type ImportKind,
  type ImportReport,
  type ImportTarget,
} from "../../transfer/index.js";
import type { Bind } from "../invocation.js";
import { openForOneChange, replayOptionsOf } from "../open-state.js";
import { printable } from "../printable.js";
import { ProgressLine } from "../progress-line.js";
import { quantity } from "../render/quantity.js";

interface ImportCommandOptions {
  readonly from: ImportKind;
  readonly replace?: boolean;
  readonly skipExisting?: boolean;
  readonly dryRun?: boolean;
}

export function importCommand(bind: Bind): Command {
  return new Command("import")
    .summary("bring documents in, from an export or from the reference")
    .description(
      "Checks every line, and only then writes. Ids that are taken are refused unless told otherwise. Cut short, the " +
        "same command goes on. A service on the same directory must not be running.",
    )
    .argument("[file]", "what to import; read from standard input when absent or -")
    .addOption(new Option("--from <kind>", "what it is").choices(importKinds).default("holdfast"))
    .option("--replace", "overwrite documents that are there")
    .option("--skip-existing", "keep documents that are there")
    .option("--dry-run", "check everything, and write nothing")
    .action(
      bind(async (invocation, options: ImportCommandOptions, file: string | undefined) => {
        const existing = policyOf(options);
        const { output } = invocation;
        const { config } = await invocation.loadConfig();
        const state = await openForOneChange(invocation, config, options.dryRun !== true);
        let report: ImportReport;
        try {
          using progress = new ProgressLine(output.progressStream);
          const request = {
            kind: options.from,
            existing,
            dryRun: options.dryRun === true,
            limits: { documentBytes: config.limits.documentBytes, depth: config.limits.depth },
            onProgress: ({ stage, done, total }: { stage: string; done: number; total?: number }) => {
              progress.show(stage === "checking" ? "Checking" : "Writing", done, total);
            },
          };
          const target = targetOf(state, config);
          const fromInput = file === undefined || file === "-";
          report = fromInput
            ? await importStream(process.stdin as AsyncIterable<Uint8Array>, target, request)
            : await importFile(file, target, request);
        } finally {
          await state.close();
        }
        const reconciled = report.dryRun ? [] : await reconcile(invocation, config);
        output.result({ ...report, reconciled }, () => linesOf(report, reconciled));
        return "done";
      }),
    );
}

function policyOf({ replace = false, skipExisting = false }: ImportCommandOptions): ExistingPolicy {
  if (replace && skipExisting) {
    throw new HoldfastError("INVALID_CONFIG", "Only one of --replace and --skip-existing can be given.");
  }
  return replace ? "replace" : skipExisting ? "skip" : "refuse";
}

function targetOf(state: StateDirectory, config: Config): ImportTarget {
  return {
    store: state,
    definitions: new Map(builtInCollections.map((definition) => [definition.name, definition])),
    blobs: state.blobs,
    now: Date.now,
    replay: replayOptionsOf(config.replay),
    responsesTimeToLiveMs: config.responses.timeToLiveSeconds * 1000,
  };
}

/** Opened once more, the surfaces put in order what was brought in past them, and say what they did. */
async function reconcile(
  invocation: Parameters<typeof openForOneChange>[0],
  config: Config,
): Promise<StateDirectory["recovery"]["reconciled"]> {
  const state = await openForOneChange(invocation, config, false);
  await state.close();
  return state.recovery.reconciled;
}

function linesOf(report: ImportReport, reconciled: StateDirectory["recovery"]["reconciled"]): string[] {
  const { written, skipped, expired, blobs, leftOut, remarks, dryRun, resumed } = report;
  const count = Object.values(written).reduce((sum, each) => sum + each, 0);
  const verb = dryRun ? "would be written" : "written";
  const asides = [
    ...(resumed ? ["goes on where it was cut short"] : []),
    ...(blobs > 0 ? [quantity(blobs, "file")] : []),
    ...(skipped > 0 ? [`${quantity(skipped, "document")} there already`] : []),
    ...(expired > 0 ? [`${quantity(expired, "document")} expired`] : []),
    ...Object.entries(leftOut).map(([name, each]) => `${quantity(each, "document")} of ${name} left out`),
  ];
  return [
    ...remarks.map(printable),
    ...reconciled.map(({ surface, action, count: each }) => printable(`${surface}: ${each} ${action}`)),
    printable([`${quantity(count, "document")} ${verb}`, ...asides].join("; ")),
  ];
}
