import { join } from "node:path";
import { expect } from "vitest";
import type { StateDirectory } from "../../src/open-state-directory.js";
import type { RecoveryReport } from "../../src/store/index.js";
import { verifyStateDirectory, type VerifyReport } from "../../src/store/verify.js";
import { filesBelow } from "./directory-fingerprint.js";
import { eventually } from "./eventually.js";
import type { AcknowledgedNotes } from "./note-writer.js";
import { notes } from "./notes.js";
import { stateFolder } from "./state-folder.js";

/** The files that verify calls damaged. */
export function damagedFiles({ findings }: VerifyReport): string[] {
  return [...new Set(findings.filter(({ severity }) => severity === "damage").map(({ file }) => file))].sort();
}

function isLost(report: RecoveryReport, id: string, sequence: number): boolean {
  return (
    // How many commits an emptied segment held, nobody can tell; that some may be missing, the report must.
    report.damage.some(({ detail, repaired }) => detail === "the file is empty" && !repaired) ||
    report.lostSequences.some(({ first, last }) => first <= sequence && sequence <= last) ||
    report.lostDocuments.some((lost) => lost.collection === "notes" && (lost.id === id || isNameOf(lost.id, id)))
  );
}

/** The file of an id too long for a name says only how it begins. */
function isNameOf(file: string, id: string): boolean {
  return id.length > 100 && file.includes(`/${id.slice(0, 100)}~`);
}

/** Compares every note with what was acknowledged. What differs must be an older version, and reported as lost. */
export async function expectNothingWrong(state: StateDirectory, acknowledged: AcknowledgedNotes): Promise<string[]> {
  const collection = state.collection(notes);
  const missing: string[] = [];
  const listed = await collection.list({ limit: 1_000 });
  expect(listed.documents.every(({ id }) => acknowledged.has(id))).toBe(true);
  for (const [id, versions] of acknowledged) {
    const found = await collection.get(id);
    expect(listed.documents.find((document) => document.id === id)).toEqual(found);
    const newest = versions.at(-1);
    if (JSON.stringify(found?.body) === JSON.stringify(newest?.body)) continue;
    missing.push(id);
    expect(isLost(state.recovery, id, newest?.sequence ?? 0), `${id} is not what it was, and not reported`).toBe(true);
    if (found !== undefined)
      expect(versions.map(({ body }) => JSON.stringify(body))).toContain(JSON.stringify(found.body));
  }
  return missing;
}

export interface AfterDamage {
  readonly report: RecoveryReport;
  readonly missing: string[];
  readonly quarantined: number;
}

/**
 * What must hold of any damage: verify names the file; opening returns nothing wrong and reports what is lost; a second
 * opening finds the directory in order, and so does verify.
 */
export async function expectRecovery(
  directory: string,
  acknowledged: AcknowledgedNotes,
  file: RegExp,
): Promise<AfterDamage> {
  await using here = await stateFolder();
  const before = await verifyStateDirectory(directory);
  expect(before.ok).toBe(false);
  expect(damagedFiles(before).join("\n")).toMatch(file);

  const first = await here.open({ directory });
  await eventually("the journal that is kept has been looked through", () => !first.metrics.checkingHistory);
  const missing = await expectNothingWrong(first, acknowledged);
  expect(first.recovery.damage.map((found) => found.file).join("\n")).toMatch(file);
  expect(first.recovery.outcome).toBe(
    missing.length > 0 || first.recovery.damage.some(({ repaired }) => !repaired) ? "degraded" : "recovered",
  );
  await first.collection(notes).put("after", { text: "written after the damage" });
  await first.close();

  const second = await here.open({ directory });
  expect(second.recovery).toMatchObject({ outcome: "clean", damage: [], lostDocuments: [], lostSequences: [] });
  expect((await second.collection(notes).get("after"))?.body.text).toBe("written after the damage");
  await second.close();
  const after = await verifyStateDirectory(directory);
  expect({ ok: after.ok, findings: damagedFiles(after) }).toEqual({ ok: true, findings: [] });
  return {
    report: first.recovery,
    missing,
    quarantined: (await filesBelow(join(directory, "quarantine"), /about\.json$/)).length,
  };
}
