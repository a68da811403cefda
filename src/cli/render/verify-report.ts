import type { VerifyReport } from "../../store/verify.js";
import { printable } from "../printable.js";
import { quantity } from "./quantity.js";
import type { Paint } from "./style.js";

/** What the store found of itself, and what was found of the bytes beside it. */
export interface WholeVerifyReport extends VerifyReport {
  /** How many uploaded files were read. */
  readonly files: number;
}

/** What a verification found, for people: all of it, since each line names a file someone has to look at. */
export function verifyLines(
  { ok, documents, packs, files, journalRecords, findings }: WholeVerifyReport,
  paint: Paint,
): string[] {
  const counts = [quantity(documents, "document"), quantity(packs, "pack"), quantity(files, "uploaded file")].join(
    ", ",
  );
  const looked = `${counts} and ${quantity(journalRecords, "journal record")} read`;
  const damaged = findings.filter(({ severity }) => severity === "damage").length;
  const verdict = ok ? paint("green", "sound") : `${paint("red", "damaged")}: ${quantity(damaged, "finding")}`;
  return [
    ...findings.map(({ file, kind, detail, offset, severity }) => {
      const at = offset === undefined ? "" : ` at byte ${offset}`;
      const mark = severity === "damage" ? paint("red", "damage") : "note";
      return `${mark}  ${printable(`${file}${at} (${kind}): ${detail}`)}`;
    }),
    `${verdict} (${looked})`,
  ];
}
