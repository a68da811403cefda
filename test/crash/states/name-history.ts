/** What an operation does to one name. `inode` is what the name then stands for; `undefined`: nothing. */
export interface NameEffect {
  readonly directory: number;
  readonly name: string;
  readonly inode: number | undefined;
  /** On the disk for certain, and part of the certain names. */
  certain: boolean;
}

/** One operation on names; a rename has two effects. */
export interface NameChange {
  /** Counts all operations. */
  readonly number: number;
  readonly effects: readonly NameEffect[];
}

/** The content of every directory, by inode number. */
export type Names = Map<number, Map<string, number>>;

/**
 * What is known of the names on the disk: those that are there for certain, and the operations since. A name is certain
 * once its own directory has been synced; a rename between two directories becomes so one half at a time, unless the
 * file system keeps it whole, which the one who chooses decides.
 */
export class NameHistory {
  readonly #certain: Names;
  #pending: NameChange[];
  #changes: number;
  /** The newest operation of which some effect is certain. */
  #newestCertain: number;

  constructor(certain: Names, pending: readonly NameChange[] = [], changes = 0, newestCertain = 0) {
    this.#certain = certain;
    this.#pending = [...pending];
    this.#changes = changes;
    this.#newestCertain = newestCertain;
  }

  clone(): NameHistory {
    return new NameHistory(
      copyOf(this.#certain),
      this.#pending.map(({ number, effects }) => ({ number, effects: effects.map((effect) => ({ ...effect })) })),
      this.#changes,
      this.#newestCertain,
    );
  }

  /** Operations that a crash may undo, wholly or by half. */
  get pending(): readonly NameChange[] {
    return this.#pending;
  }

  /**
   * How many of the pending operations a file system keeps that journals names in the order of the operations: with one
   * that is certain, all before it are, whichever directory was synced.
   */
  get certainInOrder(): number {
    return this.#pending.findLastIndex(({ number }) => number <= this.#newestCertain) + 1;
  }

  change(...effects: readonly Omit<NameEffect, "certain">[]): void {
    this.#changes += 1;
    this.#pending.push({ number: this.#changes, effects: effects.map((effect) => ({ ...effect, certain: false })) });
  }

  /** The effects that a sync of the directory which begins now will make certain. */
  inDirectory(directory: number): NameEffect[] {
    return this.#pending.flatMap(({ effects }) =>
      effects.filter((effect) => effect.directory === directory && !effect.certain),
    );
  }

  synced(effects: readonly NameEffect[]): void {
    for (const effect of effects) {
      // Another sync of the directory may have come first, with newer effects on the same name.
      if (effect.certain) continue;
      effect.certain = true;
      apply(this.#certain, effect);
    }
    for (const { number, effects: all } of this.#pending)
      if (all.some(({ certain }) => certain)) this.#newestCertain = Math.max(this.#newestCertain, number);
    this.#pending = this.#pending.filter((change) => change.effects.some(({ certain }) => !certain));
  }

  /** The names with the certain effects and the chosen ones, in their order. */
  chosen(isChosen: (effect: NameEffect, change: NameChange) => boolean): Names {
    const names = copyOf(this.#certain);
    for (const change of this.#pending) {
      for (const effect of change.effects) if (!effect.certain && isChosen(effect, change)) apply(names, effect);
    }
    return names;
  }
}

function apply(names: Names, { directory, name, inode }: NameEffect): void {
  let entries = names.get(directory);
  if (entries === undefined) names.set(directory, (entries = new Map<string, number>()));
  entries.delete(name);
  if (inode !== undefined) entries.set(name, inode);
}

function copyOf(names: Names): Names {
  return new Map([...names].map(([directory, entries]) => [directory, new Map(entries)]));
}
