import { Command } from "commander";
import type { StorageReport } from "../../store/index.js";
import type { Bind } from "../invocation.js";
import { openForOneChange } from "../open-state.js";
import { printable } from "../printable.js";
import { ProgressLine } from "../progress-line.js";
import { grouped, quantity } from "../render/quantity.js";
import { table } from "../render/table.js";

interface Size {
  readonly files: number;
  readonly bytes: number;
}

interface CompactReport {
  readonly sequence: number;
  /** The whole directory. */
  readonly before: Size;
  readonly after: Size;
  /** The packs of each collection that has any, two files each. */
  readonly collections: Readonly<
    Record<string, { readonly documents: number; readonly before: Size; readonly after: Size }>
  >;
}

export function compactCommand(bind: Bind): Command {
  return new Command("compact")
    .summary("make the state directory small")
    .description(
      "Moves everything from the journal into the collections and merges the packs of each into one, so that what was " +
        "replaced or deleted gives its space back. Packs are merged by themselves otherwise. A service on the same " +
        "directory must not be running.",
    )
    .action(
      bind(async (invocation) => {
        const { output } = invocation;
        const { config } = await invocation.loadConfig();
        const state = await openForOneChange(invocation, config, false);
        let report: CompactReport;
        try {
          const before = await state.storage();
          using progress = new ProgressLine(output.progressStream);
          progress.show("Merging packs", 0);
          await state.compact();
          report = reportOf(state.lastSequence, before, await state.storage());
        } finally {
          await state.close();
        }
        output.result(report, () => linesOf(report));
        return "done";
      }),
    );
}

function reportOf(sequence: number, before: StorageReport, after: StorageReport): CompactReport {
  const none = { files: 0, bytes: 0 };
  const packed = Object.entries(after.collections)
    .map(([name, { documents, packs }]) => {
      return [name, { documents, before: before.collections[name]?.packs ?? none, after: packs }] as const;
    })
    .filter(([, packs]) => packs.before.files > 0 || packs.after.files > 0);
  return { sequence, before: before.total, after: after.total, collections: Object.fromEntries(packed) };
}

function linesOf({ before, after, collections }: CompactReport): string[] {
  const rows = Object.entries(collections).map(([name, packs]) => [
    printable(name),
    grouped(packs.documents),
    grouped(packs.after.files / 2),
    grouped(packs.before.files / 2),
  ]);
  const size = ({ files, bytes }: Size): string => `${quantity(files, "file")}, ${quantity(bytes, "byte")}`;
  return [
    ...(rows.length === 0 ? [] : table([["COLLECTION", "DOCUMENTS", "PACKS", "PACKS BEFORE"], ...rows], [1, 2, 3])),
    `${size(before)} before; ${size(after)} after`,
  ];
}
