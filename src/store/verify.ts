import { join, relative, resolve } from "node:path";
import { setImmediate as giveWay } from "node:timers/promises";
import { HoldfastError } from "../errors.js";
import { Layout } from "../files/layout.js";
import { isAbsent, nodeFileSystem } from "../files/node-file-system.js";
import type { FileSystem } from "../files/file-system.js";
import { LooseDocuments } from "../documents/loose-documents.js";
import { readJournal, type JournalFinding, type JournalReading } from "../journal/read-journal.js";
import { ClockCache, verifyPack } from "../packs/index.js";
import { listClaims, readClaim, claimName } from "../locking/claim.js";
import { examineDirectory } from "./adopt-directory.js";
import { loadState } from "./load-state.js";
import type { LoadedState, RecoveryProgress } from "./loaded-state.js";
import { manifestSchema, readSealed } from "./manifest.js";

/** `damage`: something acknowledged may be affected. `note`: worth knowing, and no harm. */
export interface VerifyFinding {
  /** Relative to the state directory. */
  readonly file: string;
  readonly kind: "manifest" | "checkpoint" | "journal" | "document" | "pack" | "claim" | "blob" | "foreign";
  readonly detail: string;
  readonly offset?: number;
  readonly severity: "damage" | "note";
}

export interface VerifyReport {
  /** Whether nothing is damaged. */
  readonly ok: boolean;
  readonly directory: string;
  readonly documents: number;
  /** How many packs were read. */
  readonly packs: number;
  readonly journalRecords: number;
  readonly findings: readonly VerifyFinding[];
}

export interface VerifyOptions {
  readonly onProgress?: (progress: RecoveryProgress) => void;
  /** The disk, for tests. */
  readonly fileSystem?: FileSystem;
}

const mostAttempts = 20;
const verifyCacheBytes = 16 * 1024 * 1024;

/**
 * Reads every byte that a state directory rests on and compares it with its checksums. Changes nothing and takes no
 * lock: a directory in use can be verified, since its owner only ever adds to what is complete.
 *
 * @throws HoldfastError `INVALID_CONFIG` if there is no state directory; `UNSUPPORTED_FORMAT`
 */
export async function verifyStateDirectory(directory: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const fileSystem = options.fileSystem ?? nodeFileSystem;
  const layout = new Layout(resolve(directory));
  if ((await examineDirectory(fileSystem, layout)) !== "ours") {
    throw new HoldfastError("INVALID_CONFIG", `${layout.root} holds no state: there is nothing to verify.`, {
      details: { directory: layout.root },
    });
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const report = await verifyOnce(fileSystem, layout, options);
      // What an owner moves while it is being read can look like damage, once; what is damaged stays so.
      if (report.ok || attempt >= 3) return report;
    } catch (error) {
      if (!isAbsent(error) || attempt >= mostAttempts) throw error;
    }
  }
}

async function verifyOnce(
  fileSystem: FileSystem,
  layout: Layout,
  { onProgress }: VerifyOptions,
): Promise<VerifyReport> {
  const findings: VerifyFinding[] = [];
  const manifest = await readSealed(fileSystem, layout.manifest, manifestSchema);
  if (manifest.state === "damaged") {
    findings.push({ file: "manifest.json", kind: "manifest", detail: manifest.error.message, severity: "damage" });
  } else if (manifest.state === "absent") {
    findings.push({ file: "manifest.json", kind: "manifest", detail: "the file is missing", severity: "damage" });
  }
  const storeId = manifest.state === "present" ? manifest.content.storeId : undefined;
  findings.push(...(await verifyClaims(fileSystem, layout)));
  const loaded = await loadState({
    fileSystem,
    layout,
    documents: new LooseDocuments(fileSystem, layout),
    definitions: new Map(),
    storeId,
    cache: new ClockCache(verifyCacheBytes),
    documentCache: new ClockCache(0),
    upTo: "end",
    onProgress,
  });
  findings.push(...documentFindings(layout, loaded));
  if (loaded.checkpoint.state === "damaged") {
    const { message } = loaded.checkpoint.error;
    findings.push({ file: "checkpoint.json", kind: "checkpoint", detail: message, severity: "damage" });
  }
  const packs = [...loaded.states.values()].reduce((sum, state) => sum + state.packs.packs.length, 0);
  findings.push(...(await packFindings(layout, loaded)));
  const journal = await verifyJournal(fileSystem, layout, storeId, loaded);
  findings.push(...journal.findings);
  return {
    ok: findings.every(({ severity }) => severity === "note"),
    directory: layout.root,
    documents: loaded.documents,
    packs,
    journalRecords: journal.records,
    findings,
  };
}

async function verifyClaims(fileSystem: FileSystem, layout: Layout): Promise<VerifyFinding[]> {
  if ((await fileSystem.status(layout.epochs)) === undefined) return [];
  const findings: VerifyFinding[] = [];
  for (const epoch of await listClaims(fileSystem, layout.epochs)) {
    if ((await readClaim(fileSystem, layout.epochs, epoch)) !== "damaged") continue;
    findings.push({
      file: `epochs/${claimName(epoch)}`,
      kind: "claim",
      detail: "the claim can not be read",
      severity: "damage",
    });
  }
  return findings;
}

function documentFindings(layout: Layout, loaded: LoadedState): VerifyFinding[] {
  const local = (path: string): string => relative(layout.root, path);
  return [
    ...loaded.damagedDocuments.map(({ path, error }): VerifyFinding => {
      return { file: local(path), kind: "document", detail: error.message, severity: "damage" };
    }),
    ...[...loaded.missingDocuments].map(([collection, { count }]): VerifyFinding => {
      const detail = `${count} of the documents that the checkpoint counted are missing`;
      return { file: local(layout.documents(collection)), kind: "document", detail, severity: "damage" };
    }),
    ...loaded.foreignFiles.map((path): VerifyFinding => {
      return { file: local(path), kind: "foreign", detail: "the file is not one of Holdfast's", severity: "note" };
    }),
    ...[...loaded.supersededFiles, ...loaded.unlistedPackFiles].map((path): VerifyFinding => {
      const detail = "left by a checkpoint or merge that was cut short; the next owner removes it";
      return { file: local(path), kind: "document", detail, severity: "note" };
    }),
    ...loaded.temporaryFiles.map((path): VerifyFinding => {
      return {
        file: local(path),
        kind: "document",
        detail: "a write that was cut short; the next owner removes it",
        severity: "note",
      };
    }),
  ];
}

/** Every line and every block of every pack; a pack that could not be opened has told of itself. */
async function packFindings(layout: Layout, loaded: LoadedState): Promise<VerifyFinding[]> {
  const findings: VerifyFinding[] = loaded.damagedPacks.map(({ path, error }) => {
    return { file: relative(layout.root, path), kind: "pack", detail: error.message, severity: "damage" };
  });
  const listed = loaded.checkpoint.state === "present" ? loaded.checkpoint.content.packs : {};
  for (const { name, packs } of loaded.states.values()) {
    for (const pack of packs.packs) {
      const file = relative(layout.root, pack.path);
      const { lo, hi, packChecksum } = pack.summary;
      const inList = listed[name]?.list.find((summary) => summary.lo === lo && summary.hi === hi);
      // One that is damaged has told of itself, and its index may say nothing of what is there.
      const isWhole = !loaded.damagedPacks.some(({ path }) => path === pack.path);
      if (isWhole && inList !== undefined && inList.packChecksum !== packChecksum) {
        const detail = `${pack.path} is another one than the checkpoint lists under its name.`;
        findings.push({ file, kind: "pack", detail, severity: "damage" });
      }
      await verifyPack(
        pack,
        ({ offset, detail }) => findings.push({ file, kind: "pack", detail, offset, severity: "damage" }),
        () => giveWay(),
      );
      await pack.retire();
    }
  }
  return findings;
}

/** The whole journal, what is kept behind the checkpoint included. */
async function verifyJournal(
  fileSystem: FileSystem,
  layout: Layout,
  storeId: string | undefined,
  loaded: LoadedState,
): Promise<{ readonly findings: VerifyFinding[]; readonly records: number }> {
  let records = 0;
  const reading = await readJournal({
    fileSystem,
    directory: layout.journal,
    storeId,
    above: undefined,
    acknowledged: loaded.acknowledged,
    apply: () => {
      records += 1;
    },
  });
  const findings = [...reading.findings, ...gapBehindCheckpoint(loaded, reading)].map((finding): VerifyFinding => {
    const file = join("journal", finding.segment);
    switch (finding.kind) {
      case "torn":
        return {
          file,
          kind: "journal",
          detail: `a torn tail of ${finding.bytes.length} bytes, never acknowledged; the next owner cuts it`,
          offset: finding.offset,
          severity: "note",
        };
      case "damage":
        return { file, kind: "journal", detail: finding.detail, offset: finding.offset, severity: "damage" };
      case "foreign":
        return { file, kind: "foreign", detail: finding.detail, severity: "note" };
      case "missing":
        return { file, kind: "journal", detail: finding.detail, severity: "damage" };
    }
  });
  return { findings, records };
}

/** A segment missing right above the checkpoint shows only where the journal is read from there. */
function gapBehindCheckpoint(loaded: LoadedState, whole: JournalReading): readonly JournalFinding[] {
  const first = loaded.journal.findings.find(({ kind }) => kind === "missing");
  if (first === undefined) return [];
  return whole.findings.some(({ kind, segment }) => kind === "missing" && segment === first.segment) ? [] : [first];
}
