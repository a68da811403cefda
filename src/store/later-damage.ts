import type { DirectoryStore } from "./directory-store.js";
import { withDamage } from "./recovery-report-of.js";
import type { Damage, RecoveryReport } from "./recovery-report.js";

export interface LaterDamageParts {
  readonly store: () => DirectoryStore;
  /** Makes the report known outside of this process, durably. */
  readonly publish: (report: RecoveryReport) => Promise<void>;
}

/** Adds to the report of an opening what is found damaged while the store is open: one after the other, none lost. */
export class LaterDamage {
  readonly #parts: LaterDamageParts;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: LaterDamageParts) {
    this.#parts = parts;
  }

  /** Resolves when the report says so on the disk. @throws the system's own errors when writing; it is in memory then. */
  async report(damage: readonly Damage[], lostDocuments: RecoveryReport["lostDocuments"]): Promise<void> {
    const { store, publish } = this.#parts;
    const mine = this.#last.then(async () => {
      const report = withDamage(store().recovery, damage, lostDocuments);
      store().completeRecovery(report);
      await publish(report);
    });
    this.#last = mine.then(undefined, () => undefined);
    await mine;
  }
}
