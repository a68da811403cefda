import { join, relative } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import type { LoadedState } from "./loaded-state.js";
import type { Quarantine } from "./quarantine.js";
import type { Damage, RecoveryReport } from "./recovery-report.js";

/** What was wrong and what was done about it, as the recovery report lists it. */
export type RepairOutcome = Pick<
  RecoveryReport,
  "damage" | "lostDocuments" | "lostSequences" | "removedTemporaryFiles"
> & {
  readonly tornTails: RecoveryReport["journal"]["tornTails"];
  /** Segments that hold damage: they leave the journal once a checkpoint covers them. */
  readonly damagedSegments: ReadonlySet<string>;
};

/**
 * Sets aside what can not be trusted. Nothing here is needed for what was loaded: a crash in the middle leaves the rest
 * to the next recovery, which finds it again.
 *
 * @param predecessorLives whether the owner before was taken over while it lives. Then packs that are not listed stay: it
 * may be about to list them, and no check can stop that one call. The opening after it has gone removes what is not.
 */
export async function repair(
  fileSystem: FileSystem,
  layout: Layout,
  quarantine: Quarantine,
  loaded: LoadedState,
  predecessorLives: boolean,
): Promise<RepairOutcome> {
  const damage: Damage[] = [];
  const lostDocuments: RecoveryReport["lostDocuments"] = [];
  const tornTails: RecoveryReport["journal"]["tornTails"] = [];
  const damagedSegments = new Set<string>();
  const local = (path: string): string => relative(layout.root, path);

  if (loaded.checkpoint.state === "damaged") {
    const { message } = loaded.checkpoint.error;
    const quarantined = await quarantine.move(layout.checkpoint, "checkpoint-damaged", message);
    damage.push({ file: local(layout.checkpoint), kind: "checkpoint", detail: message, quarantined, repaired: true });
  }
  for (const { collection, path, id, error, restored } of loaded.damagedDocuments) {
    const quarantined = await quarantine.move(path, "document-damaged", error.message);
    damage.push({ file: local(path), kind: "document", detail: error.message, quarantined, repaired: restored });
    if (!restored) lostDocuments.push({ collection, id: id ?? local(path) });
  }
  for (const [collection, { count, restored }] of loaded.missingDocuments) {
    const missing = `${count} document${count === 1 ? " is" : "s are"} missing that the checkpoint counted`;
    const detail = `${missing}; ${restored} restored from the journal`;
    damage.push({ file: local(layout.documents(collection)), kind: "document", detail, repaired: restored === count });
    for (let lost = restored; lost < count; lost += 1) lostDocuments.push({ collection, id: "" });
  }
  for (const path of loaded.foreignFiles) {
    const detail = "the file is not one of Holdfast's";
    const quarantined = await quarantine.move(path, "foreign-file", detail);
    damage.push({ file: local(path), kind: "foreign", detail, quarantined, repaired: true });
  }
  for (const finding of loaded.journal.findings) {
    const path = join(layout.journal, finding.segment);
    switch (finding.kind) {
      case "torn": {
        const { offset, bytes } = finding;
        const quarantined = await quarantine.keep(bytes, path, offset, "torn-tail", "never acknowledged");
        tornTails.push({ file: local(path), offset, length: bytes.length, quarantined });
        break;
      }
      case "damage": {
        const { offset, bytes, detail, endsJournal } = finding;
        const quarantined = await quarantine.keep(bytes, path, offset, "journal-damaged", detail);
        damage.push({
          file: local(path),
          kind: "journal",
          detail,
          offset,
          length: bytes.length,
          quarantined,
          repaired: loaded.journal.lost.length === 0 && !endsJournal,
        });
        damagedSegments.add(finding.segment);
        break;
      }
      case "foreign": {
        const quarantined = await quarantine.move(path, "foreign-segment", finding.detail);
        damage.push({ file: local(path), kind: "foreign", detail: finding.detail, quarantined, repaired: true });
        break;
      }
      case "missing":
        damage.push({ file: local(path), kind: "journal", detail: finding.detail, repaired: false });
        break;
    }
  }
  const removedTemporaryFiles = await sweepTemporaryFiles(fileSystem, [
    ...loaded.temporaryFiles,
    ...loaded.supersededFiles,
    ...(predecessorLives ? [] : loaded.unlistedPackFiles),
  ]);
  return {
    damage,
    lostDocuments,
    lostSequences: loaded.journal.lost.map(({ first, last }) => ({ first, last })),
    tornTails,
    damagedSegments,
    removedTemporaryFiles,
  };
}

/** Files that a crash left half written, under names that no finished file can have. */
export async function sweepTemporaryFiles(fileSystem: FileSystem, paths: readonly string[]): Promise<number> {
  for (const path of paths) {
    try {
      await fileSystem.remove(path);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  return paths.length;
}
