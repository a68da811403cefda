import type { CrashChoice, DiskHistory } from "./disk-history.js";
import type { ContentChoice, FileHistory } from "./file-history.js";
import type { NameChange, NameEffect } from "./name-history.js";
import type { Random } from "./random.js";

/** What kind of crash left a state, and what it did; a state may show several at once. */
export const faultKinds = [
  "process killed, everything kept",
  "power lost, everything kept",
  "power lost, nothing kept that was not synced",
  "names kept, bytes lost",
  "names kept, bytes read as zeros",
  "names lost, bytes kept",
  "names kept up to some operation",
  "names kept in any subset",
  "renames split in two",
  "bytes torn at 512",
  "bytes torn at 4096",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** One way a crash at some place may come out. */
export interface CrashVariant {
  readonly faults: readonly FaultKind[];
  /** Whether the machine went on: then nothing is lost, and the next process runs under the same boot. */
  readonly machineSurvives: boolean;
  readonly choice: CrashChoice;
}

type NameChoice = CrashChoice["isNameKept"];
type Content = CrashChoice["content"];

const all: NameChoice = () => true;
const none: NameChoice = () => false;
const kept: Content = (file) => file.newest();
const lost: Content = (file) => file.oldest();
/** The size was written, the bytes were not: delayed allocation. */
const zeros: Content = (file) => file.chosen({ unitBytes: 512, version: () => 0, size: (sizes) => sizes - 1 });

/** As long as there are no more subsets than this, each of them is a state. */
const mostSubsets = 64;
const mostSingles = 6;
const mostPrefixes = 12;

function torn(unitBytes: number, version: ContentChoice["version"], size: ContentChoice["size"]): Content {
  return (file) => file.chosen({ unitBytes, version, size });
}

/** File systems that journal names keep them in the order of the operations: some of the first, and none behind. */
function upTo(history: DiskHistory, count: number): NameChoice {
  const chosen = new Set<NameChange>(history.pendingNames.slice(0, count));
  return (_, change) => chosen.has(change);
}

/** An operation one half of which is certain is whole where renames are never split. */
function subset(isChosen: (change: NameChange) => boolean): NameChoice {
  return (_, change) => change.effects.some(({ certain }) => certain) || isChosen(change);
}

function variant(faults: readonly FaultKind[], isNameKept: NameChoice, content: Content): CrashVariant {
  return { faults, machineSurvives: false, choice: { isNameKept, content } };
}

/**
 * The outcomes of a crash at this place that are tried in any case: the extremes, every number of operations on names
 * kept in order, and, as far as they are few, every subset of names and every subset of sectors.
 */
export function* systematicVariants(history: DiskHistory): Generator<CrashVariant> {
  const everything: CrashChoice = { isNameKept: all, content: kept };
  yield { faults: ["process killed, everything kept"], machineSurvives: true, choice: everything };
  yield variant(["power lost, everything kept"], all, kept);
  const names = history.pendingNames.length;
  const files = history.filesInDoubt;
  if (names === 0 && files.length === 0) return;
  yield variant(["power lost, nothing kept that was not synced"], none, lost);
  if (files.length > 0) {
    yield variant(["names kept, bytes lost"], all, lost);
    yield variant(["names kept, bytes read as zeros"], all, zeros);
    yield* everyTornContent(files);
  }
  if (names > 0) {
    yield variant(["names lost, bytes kept"], none, kept);
    const least = Math.max(history.namesCertainInOrder, names - mostPrefixes);
    for (let count = least; count < names; count += 1) {
      yield variant(["names kept up to some operation"], upTo(history, count), kept);
      yield variant(["names kept up to some operation"], upTo(history, count), lost);
    }
    yield* everySubsetOfNames(history);
  }
}

/**
 * Every choice among so many parts as long as these are few; otherwise, of some that lie all over them, each one alone
 * and each one left out: where an operation is ahead of others, or missing, a program's mistakes show.
 */
function* choices(count: number): Generator<(part: number) => boolean> {
  if (2 ** count <= mostSubsets) {
    for (let mask = 0; mask < 2 ** count; mask += 1) yield (part) => ((mask >> part) & 1) === 1;
    return;
  }
  for (let chosen = 0; chosen < mostSingles; chosen += 1) {
    const single = Math.floor((chosen * count) / mostSingles);
    yield (part) => part === single;
    yield (part) => part !== single;
  }
}

function* everyTornContent(files: readonly FileHistory[]): Generator<CrashVariant> {
  for (const [unitBytes, fault] of [
    [512, "bytes torn at 512"],
    [4096, "bytes torn at 4096"],
  ] as const) {
    const units = files.reduce((count, file) => count + file.unitsInDoubt(unitBytes), 0);
    for (const isKept of choices(units)) {
      let unit = 0;
      const content: Content = (file) =>
        file.chosen({
          unitBytes,
          version: (versions) => {
            const kept = isKept(unit);
            unit += 1;
            return kept ? versions - 1 : 0;
          },
          size: (sizes) => sizes - 1,
        });
      yield variant([fault], all, content);
    }
  }
}

function* everySubsetOfNames(history: DiskHistory): Generator<CrashVariant> {
  const changes = history.pendingNames;
  let round = 0;
  for (const isKept of choices(changes.length)) {
    const chosen = new Set(changes.filter((_, index) => isKept(index)));
    yield variant(
      ["names kept in any subset"],
      subset((change) => chosen.has(change)),
      round % 2 === 0 ? kept : lost,
    );
    round += 1;
  }
  const effects = changes.flatMap((change) => change.effects).filter(({ certain }) => !certain);
  if (effects.length === changes.length) return;
  for (const isKept of choices(effects.length)) {
    const chosen = new Set(effects.filter((_, index) => isKept(index)));
    yield variant(["renames split in two"], (effect) => chosen.has(effect), kept);
  }
}

/** A variant among those that are always tried. */
export interface IndexedVariant {
  readonly variant: CrashVariant;
  readonly index: number;
}

/**
 * One variant of each kind that is possible at this place, among those that are always tried: the one in the middle,
 * since the first and the last of a kind keep nothing or all, as other kinds do.
 */
export function oneOfEachKind(history: DiskHistory): ReadonlyMap<FaultKind, IndexedVariant> {
  const all = new Map<FaultKind, IndexedVariant[]>();
  let index = 0;
  for (const variant of systematicVariants(history)) {
    for (const fault of variant.faults) {
      const ofKind = all.get(fault) ?? [];
      ofKind.push({ variant, index });
      all.set(fault, ofKind);
    }
    index += 1;
  }
  return new Map([...all].map(([fault, ofKind]) => [fault, ofKind[ofKind.length >> 1] as IndexedVariant]));
}

/** One of the other outcomes of a crash at this place, by chance. */
export function randomVariant(history: DiskHistory, random: Random): CrashVariant {
  const faults: FaultKind[] = [];
  const isNameKept = randomNames(history, random, faults);
  const content = randomContent(history, random, faults);
  return variant(faults.length === 0 ? ["power lost, everything kept"] : faults, isNameKept, content);
}

function randomNames(history: DiskHistory, random: Random, faults: FaultKind[]): NameChoice {
  const names = history.pendingNames;
  if (names.length === 0 || random.chance(0.25)) return all;
  // Often nearly all or hardly any: the mistakes of a program show where one operation is missing, or one is ahead.
  const share = random.one([0.1, 0.5, 0.9]);
  switch (random.below(3)) {
    case 0: {
      faults.push("names kept up to some operation");
      const least = history.namesCertainInOrder;
      return upTo(history, least + random.below(names.length - least + 1));
    }
    case 1: {
      faults.push("names kept in any subset");
      const chosen = new Set(names.filter(() => random.chance(share)));
      return subset((change) => chosen.has(change));
    }
    default: {
      faults.push("renames split in two");
      const chosen = new Set<NameEffect>();
      for (const { effects } of names) for (const effect of effects) if (random.chance(share)) chosen.add(effect);
      return (effect) => chosen.has(effect);
    }
  }
}

function randomContent(history: DiskHistory, random: Random, faults: FaultKind[]): Content {
  if (history.filesInDoubt.length === 0 || random.chance(0.15)) return kept;
  const share = random.one([0.1, 0.5, 0.9]);
  const [unitBytes, fault] = random.one([
    [512, "bytes torn at 512"],
    [4096, "bytes torn at 4096"],
  ] as const);
  faults.push(fault);
  return torn(
    unitBytes,
    (versions) => (versions > 2 ? random.below(versions) : random.chance(share) ? 1 : 0),
    (sizes) => (random.chance(0.5) ? sizes - 1 : random.below(sizes)),
  );
}
