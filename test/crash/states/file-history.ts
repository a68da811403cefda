/** A change of a file that a power loss may still undo, wholly or in parts. */
export type FileChange =
  | { readonly kind: "write"; readonly position: number; readonly bytes: Buffer; settled: boolean }
  | { readonly kind: "truncate"; readonly length: number };

/** How the parts of a file that are in doubt come out of a crash. */
export interface ContentChoice {
  /** The parts that are written whole: 512 for sectors, 4096 for pages. */
  readonly unitBytes: number;
  /** Which of so many versions of a unit is on the disk, oldest first; `versions` is at least 2. */
  readonly version: (versions: number) => number;
  /** Which of so many sizes the file has, oldest first. */
  readonly size: (sizes: number) => number;
}

/**
 * What is known of a file's bytes on the disk: those that are there for certain, and what was written since. Each unit
 * of the file holds what it held for certain, or what the file showed there after any of the writes that touched it,
 * independently of every other unit; the file has any of the sizes it had since.
 */
export class FileHistory {
  #certain: Buffer;
  readonly #pending: FileChange[];
  #newest: Buffer | undefined;

  constructor(certain: Buffer = Buffer.alloc(0), pending: readonly FileChange[] = []) {
    this.#certain = certain;
    this.#pending = [...pending];
  }

  clone(): FileHistory {
    return new FileHistory(
      this.#certain,
      this.#pending.map((change) => ({ ...change })),
    );
  }

  get inDoubt(): number {
    return this.#pending.length;
  }

  /** What a sync that begins now will make certain. */
  get newestChange(): FileChange | undefined {
    return this.#pending.at(-1);
  }

  change(change: FileChange): void {
    this.#pending.push(change);
    this.#newest = undefined;
  }

  /** A sync that began when `change` was the newest has returned: everything up to it is on the disk. */
  synced(change: FileChange | undefined): void {
    const count = change === undefined ? 0 : this.#pending.indexOf(change) + 1;
    for (const settled of this.#pending.splice(0, count)) this.#certain = applied(this.#certain, settled);
    this.#settleFirst();
  }

  /** A write-through has returned: its own units are on the disk, whatever becomes of those around it. */
  settled(change: FileChange): void {
    if (change.kind === "write") change.settled = true;
    this.#settleFirst();
  }

  /** The file as processes see it. */
  newest(): Buffer {
    this.#newest ??= this.#pending.reduce(applied, this.#certain);
    return this.#newest;
  }

  /** The file as it would be with nothing but what is certain. */
  oldest(): Buffer {
    return this.#pending.some((change) => change.kind === "write" && change.settled)
      ? this.chosen({ unitBytes: 512, version: () => 0, size: () => 0 })
      : this.#certain;
  }

  chosen({ unitBytes, version, size }: ContentChoice): Buffer {
    if (this.#pending.length === 0) return this.#certain;
    const stages: Buffer[] = [this.#certain];
    for (const change of this.#pending) stages.push(applied(stages.at(-1) as Buffer, change));
    const sizes = this.#sizes(stages);
    const length = sizes[sizes.length === 1 ? 0 : size(sizes.length)] as number;
    const content = Buffer.alloc(length);
    this.#certain.copy(content, 0, 0, length);
    const touched = this.#stagesByUnit(stages, unitBytes);
    for (const unit of [...touched.keys()].sort((left, right) => left - right)) {
      const start = unit * unitBytes;
      if (start >= length) continue;
      const versions = touched.get(unit) as number[];
      const stage = stages[versions[versions.length === 1 ? 0 : version(versions.length)] as number] as Buffer;
      const end = Math.min(start + unitBytes, length);
      content.fill(0, start, end);
      if (start < stage.length) stage.copy(content, start, start, Math.min(end, stage.length));
    }
    return content;
  }

  /** How many units of so many bytes are in doubt. */
  unitsInDoubt(unitBytes: number): number {
    const stages: Buffer[] = [this.#certain];
    for (const change of this.#pending) stages.push(applied(stages.at(-1) as Buffer, change));
    return [...this.#stagesByUnit(stages, unitBytes).values()].filter((versions) => versions.length > 1).length;
  }

  #settleFirst(): void {
    for (let first = this.#pending[0]; first?.kind === "write" && first.settled; first = this.#pending[0]) {
      this.#pending.shift();
      this.#certain = applied(this.#certain, first);
    }
  }

  /** The sizes since the last that is certain; a settled write made at least its own end certain. */
  #sizes(stages: readonly Buffer[]): number[] {
    const from = this.#pending.findLastIndex((change) => change.kind === "write" && change.settled) + 1;
    return [...new Set(stages.slice(from).map(({ length }) => length))];
  }

  /** For each unit that was touched, the stages that differ there, none older than the last settled write to it. */
  #stagesByUnit(stages: readonly Buffer[], unitBytes: number): Map<number, number[]> {
    const byUnit = new Map<number, number[]>();
    for (const [index, change] of this.#pending.entries()) {
      const before = stages[index] as Buffer;
      const [from, to] =
        change.kind === "write"
          ? [change.position, change.position + change.bytes.length]
          : [change.length, Math.max(before.length, change.length)];
      for (let unit = Math.floor(from / unitBytes); unit * unitBytes < to; unit += 1) {
        const isSettled = change.kind === "write" && change.settled;
        const earlier = isSettled ? [] : (byUnit.get(unit) ?? [0]);
        byUnit.set(unit, [...earlier, index + 1]);
      }
    }
    return byUnit;
  }
}

function applied(bytes: Buffer, change: FileChange): Buffer {
  const length =
    change.kind === "truncate" ? change.length : Math.max(bytes.length, change.position + change.bytes.length);
  const result = Buffer.alloc(length);
  bytes.copy(result, 0, 0, Math.min(bytes.length, length));
  if (change.kind === "write") change.bytes.copy(result, change.position);
  return result;
}
