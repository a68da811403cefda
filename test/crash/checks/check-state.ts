import type { RecoveryReport } from "../../../src/store/recovery-report.js";
import type { Machine, MachineProcess } from "../machine.js";
import { openStateDirectory, verifyStateDirectory, type StateDirectory } from "../product.js";
import { probes, smallStore, workloadCollections } from "../workloads/collections.js";
import { differences } from "./compare.js";
import type { CrashState } from "./crash-state.js";

/**
 * Opens a state that a crash may have left, and checks all that is promised of it: that it opens; that every
 * acknowledged write is there and equal, and no other one half; that the report tells the truth; that nothing changes
 * when it is opened again, after a clean end or another kill; that writing goes on; that a reader sees the same; and
 * that verification finds nothing.
 *
 * @returns what does not hold, in words.
 */
export async function checkState(machine: Machine, state: CrashState): Promise<string[]> {
  const problems: string[] = [];
  try {
    await new StateCheck(machine, state, problems).run();
  } catch (error) {
    problems.push(`failed: ${describe(error)}`);
  }
  return problems;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? `${String(error.code)}: ` : "";
  const cause = error.cause === undefined ? "" : ` (because of ${describe(error.cause)})`;
  return `${code}${error.stack ?? error.message}${cause}`;
}

class StateCheck {
  readonly #machine: Machine;
  readonly #state: CrashState;
  readonly #problems: string[];

  constructor(machine: Machine, state: CrashState, problems: string[]) {
    this.#machine = machine;
    this.#state = state;
    this.#problems = problems;
  }

  async run(): Promise<void> {
    const { image, machineSurvives, clock, turn } = this.#state;
    this.#machine.setClock(clock);
    const started = machineSurvives ? this.#machine.restart(image) : this.#machine.reboot(image);
    const process = this.#broken(started);
    const seen = turn % 4 === 0 ? await this.#lookAsReader(process) : undefined;
    const first = await this.#open(process, "opening");
    const { lastSequence } = first.recovery;
    let killed: ReturnType<MachineProcess["disk"]["image"]> | undefined;
    try {
      this.#checkReport(first);
      if (seen !== undefined && seen !== lastSequence)
        this.#say(`a reader saw everything up to commit ${seen}, and the owner up to ${lastSequence}`);
      if (lastSequence <= this.#state.issued) {
        await this.#compare(first, lastSequence, "after recovery");
        this.#add("in the files", (await this.#state.workload.check?.(first)) ?? []);
      }
      if (turn % 2 === 0) killed = process.disk.image();
      else await this.#writeOn(first);
    } finally {
      await first.close();
    }
    if (this.#problems.length > 0) return;
    // The next one comes after a clean end, or after a kill right behind the opening.
    const after = killed === undefined ? this.#machine.beside(process) : this.#machine.restart(killed);
    const second = await this.#open(this.#broken(after), "opening again");
    try {
      this.#checkSecondReport(first, second, killed === undefined);
      await this.#compare(second, lastSequence, "opened again");
      if (killed === undefined) await this.#findWritten(second);
    } finally {
      await second.close();
    }
    this.#add("verification", await this.#findings(after));
  }

  #broken(process: MachineProcess): MachineProcess {
    const { breaking } = this.#state;
    return breaking === undefined ? process : this.#machine.through(process, breaking(process.disk));
  }

  async #open(process: MachineProcess, doing: string): Promise<StateDirectory> {
    try {
      return await openStateDirectory({
        directory: this.#machine.directory,
        collections: workloadCollections,
        ...smallStore,
        ...this.#state.workload.settings,
        // What an opening goes on with is read from the journal here.
        journalRetainBytes: 1_048_576,
        environment: process.environment,
      });
    } catch (error) {
      throw new Error(`${doing} failed`, { cause: error });
    }
  }

  /** @returns up to which commit a reader sees everything; `undefined` if there is nothing to read yet. */
  async #lookAsReader(process: MachineProcess): Promise<number | undefined> {
    let reader: StateDirectory;
    try {
      reader = await openStateDirectory({
        directory: this.#machine.directory,
        mode: "reader",
        collections: workloadCollections,
        environment: process.environment,
      });
    } catch (error) {
      const isNoStateYet = (error as { code?: unknown }).code === "INVALID_CONFIG";
      if (isNoStateYet && this.#state.storeId === undefined) return undefined;
      throw new Error("reading failed", { cause: error });
    }
    try {
      const { lastSequence } = reader;
      if (lastSequence <= this.#state.issued) await this.#compare(reader, lastSequence, "in a reader");
      return lastSequence;
    } finally {
      await reader.close();
    }
  }

  #checkReport({ recovery, storeId }: StateDirectory): void {
    const { acknowledged, issued, truth } = this.#state;
    const { lastSequence, checkpointSequence } = recovery;
    if (this.#state.storeId !== undefined && storeId !== this.#state.storeId)
      this.#say(`the directory is now ${storeId}, and was ${this.#state.storeId}`);
    if (lastSequence < acknowledged)
      this.#say(`commits up to ${acknowledged} were acknowledged, and ${lastSequence} is the last that is there`);
    if (lastSequence > issued) this.#say(`the last commit is ${lastSequence}, and none behind ${issued} was ever sent`);
    this.#checkLosses(recovery);
    if (recovery.outcome === "degraded") this.#say("the outcome is degraded");
    if (recovery.outcome === "created" && this.#state.storeId !== undefined) this.#say("the directory was made anew");
    if (lastSequence > issued) return;
    const { replayed, replayedOperations } = recovery.journal;
    const above = lastSequence - checkpointSequence;
    if (replayed !== above) this.#say(`${replayed} commits were replayed of ${above} above the checkpoint`);
    const operations = truth.operations(checkpointSequence, lastSequence);
    if (replayedOperations !== operations)
      this.#say(`${replayedOperations} operations were replayed of ${operations} above the checkpoint`);
    const expected = [...truth.expected(lastSequence).values()].reduce((count, { size }) => count + size, 0);
    if (recovery.documents !== expected) this.#say(`${recovery.documents} documents were reported of ${expected}`);
  }

  #checkLosses({ damage, lostDocuments, lostSequences, warnings }: RecoveryReport): void {
    for (const { file, detail } of damage) this.#say(`damage was reported: ${file}: ${detail}`);
    for (const { collection, id } of lostDocuments) this.#say(`a loss was reported: ${collection}/${id}`);
    for (const { first, last } of lostSequences) this.#say(`a loss was reported: commits ${first} to ${last}`);
    for (const warning of warnings) this.#say(`a warning was given: ${warning}`);
  }

  #checkSecondReport(first: StateDirectory, { recovery, storeId }: StateDirectory, isClean: boolean): void {
    const when = `opened again after a ${isClean ? "clean end" : "kill"}`;
    if (storeId !== first.storeId) this.#say(`${when}, the directory is another`);
    if (recovery.epoch <= first.epoch) this.#say(`${when}, the epoch is ${recovery.epoch} and was ${first.epoch}`);
    if (recovery.lastSequence < first.recovery.lastSequence)
      this.#say(`${when}, the last commit is ${recovery.lastSequence} and was ${first.recovery.lastSequence}`);
    this.#checkLosses(recovery);
    const right = isClean ? ["clean"] : ["recovered", "clean"];
    if (!right.includes(recovery.outcome)) this.#say(`${when}, the outcome is ${recovery.outcome}`);
  }

  async #compare(state: StateDirectory, upTo: number, when: string): Promise<void> {
    const expected = this.#state.truth.expected(upTo);
    this.#add(when, await differences(state, expected, { upTo, now: this.#machine.now() }));
  }

  async #writeOn(state: StateDirectory): Promise<void> {
    await state.collection(probes).insert("probe", { text: "goes on" });
    await state.transaction(async (transaction) => {
      await transaction.collection(probes).update("probe", (body) => ({ ...body, count: 1 }));
      await transaction.collection(probes).put("second", { text: "too" });
    });
  }

  async #findWritten(state: StateDirectory): Promise<void> {
    const [first, second] = await Promise.all(["probe", "second"].map((id) => state.collection(probes).get(id)));
    if (first?.revision !== 2 || first.body.count !== 1 || second?.body.text !== "too")
      this.#say("what was written after the recovery is not there");
  }

  #say(problem: string): void {
    this.#problems.push(problem);
  }

  #add(when: string, problems: readonly string[]): void {
    for (const problem of problems) this.#say(`${when}: ${problem}`);
  }

  /** What verification says of a directory that was left in good order. Torn tails of earlier owners are no damage. */
  async #findings({ environment }: MachineProcess): Promise<string[]> {
    const report = await verifyStateDirectory(this.#machine.directory, { fileSystem: environment.fileSystem });
    return report.findings
      .filter(({ severity }) => severity === "damage")
      .map(({ file, detail }) => `${file}: ${detail}`);
  }
}
