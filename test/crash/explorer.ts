import type { FileSystem } from "../../src/files/file-system.js";
import { checkState } from "./checks/check-state.js";
import type { Counts } from "./counts.js";
import { crashPoints, type CrashPoint } from "./crash-point.js";
import { fingerprintOf, type DiskImage } from "./disk/disk-image.js";
import type { Machine } from "./machine.js";
import type { Recording } from "./recording.js";
import type { Scenario } from "./scenarios.js";
import { oneOfEachKind, randomVariant, systematicVariants, type CrashVariant } from "./states/crash-variants.js";
import { Random } from "./states/random.js";
import { formatToken, type StateToken } from "./state-token.js";

/** A state in which something does not hold. */
export interface Violation {
  readonly token: string;
  readonly faults: readonly string[];
  readonly problems: readonly string[];
  readonly image: DiskImage;
}

export interface ExplorerOptions {
  readonly machine: Machine;
  readonly scenario: Scenario;
  readonly seed: number;
  /** What is found is added here. */
  readonly counts: Counts;
  /** A disk that is not what it seems. */
  readonly breaking?: ((disk: FileSystem) => FileSystem) | undefined;
  readonly onViolation: (violation: Violation) => void;
  /** Asked before each state is checked. */
  readonly isEnough: () => boolean;
}

/** Every place is visited in one of so many rounds, so that a limit on the states leaves out some everywhere. */
const rounds = 8;

/** Explores the states that a crash anywhere in one recording may leave. */
export class Explorer {
  readonly #options: ExplorerOptions;
  readonly #recording: Recording;
  /** States that were checked, and what was promised of them. */
  readonly #seen = new Set<string>();
  /** Outcomes that were tried, by their places. */
  readonly #visited = new Set<string>();

  private constructor(options: ExplorerOptions, recording: Recording) {
    this.#options = options;
    this.#recording = recording;
  }

  static async of(options: ExplorerOptions): Promise<Explorer> {
    const { machine, scenario, seed, breaking } = options;
    const recording = await scenario.record(machine, seed, breaking);
    return new Explorer(options, recording);
  }

  get events(): number {
    return this.#recording.events.length;
  }

  /**
   * Visits every place with one crash of each kind that is possible there, whatever the number of states that is wanted,
   * and counts the places.
   */
  async everyPlace(): Promise<void> {
    const counts = this.#options.counts.of(this.#options.scenario.name);
    counts.recordings += 1;
    for (const point of crashPoints(this.#recording)) {
      counts.places += 1;
      const kinds = oneOfEachKind(point.history);
      for (const kind of kinds.keys()) counts.faults[kind].places += 1;
      if (this.#options.isEnough()) continue;
      counts.visitedPlaces += 1;
      for (const [kind, { variant, index }] of kinds) {
        await this.#visit(point, variant, { kind: "systematic", index });
        counts.faults[kind].visitedPlaces += 1;
      }
    }
  }

  /** Visits every place with all other outcomes that are always tried, in rounds over the whole, as far as they come. */
  async everyOutcome(): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (const point of crashPoints(this.#recording)) {
        if (point.index % rounds !== round) continue;
        let index = 0;
        for (const variant of systematicVariants(point.history)) {
          if (this.#options.isEnough()) return;
          await this.#visit(point, variant, { kind: "systematic", index });
          index += 1;
        }
      }
    }
  }

  /** Visits every place where something is in doubt with so many outcomes by chance. Each round has others. */
  async byChance(round: number, perPoint: number): Promise<void> {
    for (const point of crashPoints(this.#recording)) {
      if (point.history.pendingNames.length === 0 && point.history.filesInDoubt.length === 0) continue;
      for (let sample = 0; sample < perPoint; sample += 1) {
        if (this.#options.isEnough()) return;
        const index = round * perPoint + sample;
        await this.#visit(point, this.#chosen(point, index), { kind: "chance", index });
      }
    }
  }

  /** Visits so many places by chance, each with one outcome, of those that are always tried or another. */
  async scattered(count: number): Promise<void> {
    const random = new Random("scattered", this.#options.scenario.name, this.#options.seed);
    const share = count / this.events;
    for (const point of crashPoints(this.#recording)) {
      if (this.#options.isEnough()) return;
      if (!random.chance(share)) continue;
      const always = [...systematicVariants(point.history)];
      const index = random.below(always.length * 2);
      const variant = always[index];
      if (variant === undefined) await this.#visit(point, this.#chosen(point, index), { kind: "chance", index });
      else await this.#visit(point, variant, { kind: "systematic", index });
    }
  }

  /** Visits one state again. @returns whether the recording has it. */
  async replay(token: StateToken): Promise<boolean> {
    for (const point of crashPoints(this.#recording)) {
      if (point.index !== token.point) continue;
      const variant =
        token.outcome.kind === "chance"
          ? this.#chosen(point, token.outcome.index)
          : [...systematicVariants(point.history)][token.outcome.index];
      if (variant === undefined) return false;
      await this.#visit(point, variant, token.outcome);
      return true;
    }
    return false;
  }

  #chosen(point: CrashPoint, index: number): CrashVariant {
    const { scenario, seed } = this.#options;
    return randomVariant(point.history, new Random(scenario.name, seed, point.index, index));
  }

  async #visit(
    point: CrashPoint,
    { faults, machineSurvives, choice }: CrashVariant,
    outcome: StateToken["outcome"],
  ): Promise<void> {
    const { machine, scenario, seed, counts, breaking, onViolation } = this.#options;
    const { index, history, truth, acknowledged, issued, isOpened } = point;
    const { storeId, endedAt, workload } = this.#recording;
    const place = `${index}.${outcome.kind}.${outcome.index}`;
    if (this.#visited.has(place)) return;
    this.#visited.add(place);
    const own = counts.of(scenario.name);
    own.states += 1;
    for (const fault of faults) own.faults[fault].states += 1;
    const image = history.image(choice);
    const key = `${fingerprintOf(image)} ${String(machineSurvives)} ${acknowledged} ${issued} ${String(isOpened)}`;
    if (this.#seen.has(key)) {
      own.duplicates += 1;
      return;
    }
    this.#seen.add(key);
    own.checked += 1;
    const problems = await checkState(machine, {
      image,
      machineSurvives,
      truth,
      acknowledged,
      issued,
      storeId: isOpened ? storeId : undefined,
      clock: endedAt,
      workload,
      turn: index + outcome.index,
      breaking,
    });
    if (problems.length === 0) return;
    own.violations += 1;
    const token = formatToken({ scenario: scenario.name, seed, point: index, outcome });
    onViolation({ token, faults, problems, image });
  }
}
