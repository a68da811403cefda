import type { VerifyReport } from "../../store/verify.js";
import { printable } from "../printable.js";
import { quantity } from "./quantity.js";
import type { Paint } from "./style.js";

/** What a verification found, for people: all of it, since each line names a file someone has to look at. */
export function verifyLines({ ok, documents, journalRecords, findings }: VerifyReport, paint: Paint): string[] {
  const looked = `${quantity(documents, "document")} and ${quantity(journalRecords, "journal record")} read`;
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
