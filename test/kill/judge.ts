import type { RecoveryReport } from "holdfast";
import type { Account, LoggedCommit } from "./account.js";
import { count, Times } from "../drill/figures.js";
import { Findings } from "./findings.js";
import { FileLedger } from "./ledger/file-ledger.js";
import { History } from "./ledger/history.js";
import { OperationLedger } from "./ledger/operation-ledger.js";
import { RecordLedger } from "./ledger/record-ledger.js";
import type { Telling } from "./telling.js";
import type { WriterProcess } from "./writer-process.js";

/** Holds what writers told against what the directory tells afterwards. */
export class Judge {
  readonly findings = new Findings();
  readonly operations = new OperationLedger(this.findings);
  readonly history = new History(this.findings);
  readonly files = new FileLedger(this.findings);
  readonly records = new RecordLedger(this.findings);
  readonly outcomes = new Map<string, number>();
  readonly takeovers = new Map<string, number>();
  readonly openingTimes = new Times();
  replayed = 0;
  accounts = 0;
  /** The newest sequence number that was acknowledged. */
  newestAcknowledged = 0;
  /** Whether the writer before had closed in order; and whether the one that is being heard found it so. */
  #hasClosed = false;
  #foundClosed = false;

  get acknowledged(): number {
    return this.operations.acknowledged + this.files.acknowledged + this.records.acknowledged;
  }

  /**
   * Hears a writer that has ended. Writers must come in the order in which they had the directory: what one tells is
   * compared with what those before it told.
   */
  hear(writer: Pick<WriterProcess, "life" | "heard" | "failure">): void {
    if (writer.failure !== undefined) this.findings.wrong.push(writer.failure);
    for (const telling of writer.heard) this.#hear(telling, writer.life);
  }

  /** What a reader sees of a directory without an owner must hold, and is held against all that comes later. */
  hearReader(account: Account): void {
    this.#take(account, "reader");
  }

  #hear(telling: Telling, life: number): void {
    switch (telling.event) {
      case "opened":
        this.openingTimes.add(telling.tookMs);
        this.#checkReport(telling.recovery, life);
        break;
      case "intending":
        this.operations.intend(life, telling.operation, telling.writes);
        break;
      case "acknowledged":
        this.operations.acknowledge(telling.operation, telling);
        this.newestAcknowledged = Math.max(this.newestAcknowledged, telling.sequence ?? 0);
        break;
      case "account":
        this.accounts += 1;
        this.#take(telling.account, "owner");
        this.operations.settle((other) => other !== life);
        this.files.check(telling.account.files);
        this.records.check(telling.account);
        break;
      case "file":
        if (telling.step === "uploaded") this.files.uploaded(telling.id, telling.sha256);
        else this.files[telling.step](telling.id);
        break;
      case "record":
        this.records.step(telling.id, telling.step);
        break;
      case "closed":
        this.#hasClosed = true;
        break;
      case "opening":
        // It may have owned the directory, and left it in disorder, even if it is never heard of again.
        this.#foundClosed = this.#hasClosed;
        this.#hasClosed = false;
        break;
      case "checkpointing":
      case "checkpointed":
      case "closing":
        break;
      default:
        telling satisfies never;
    }
  }

  #take(account: Account, by: "owner" | "reader"): void {
    this.history.take(account, by, (commit: LoggedCommit) => {
      this.operations.commit(commit, (operation) => operation.digest === null && this.history.expires(operation));
    });
  }

  #checkReport(report: RecoveryReport, life: number): void {
    const { outcome, damage, lostSequences, lostDocuments, reconciled, takeover, journal } = report;
    count(this.outcomes, outcome);
    count(this.takeovers, takeover.how);
    this.replayed += journal.replayed;
    const losses = { damage, lostSequences, lostDocuments, reconciled: reconciled.filter(({ loss }) => loss === true) };
    for (const [what, entries] of Object.entries(losses)) {
      if (entries.length > 0)
        this.findings.wrong.push(`the report of life ${life} tells of ${what}: ${JSON.stringify(entries)}`);
    }
    if (outcome === "degraded") this.findings.wrong.push(`the report of life ${life} says that data is missing`);
    if (this.#foundClosed && outcome !== "clean")
      this.findings.wrong.push(`the report of life ${life} says ${outcome}, and the writer before had closed in order`);
  }
}
