/** `00000007-0000000000012345.wal`: the epoch that wrote the segment, then the first sequence number it can hold. */
export interface SegmentName {
  readonly epoch: number;
  readonly first: number;
}

const pattern = /^(\d{8})-(\d{16})\.wal$/;

export function formatSegmentName({ epoch, first }: SegmentName): string {
  return `${String(epoch).padStart(8, "0")}-${String(first).padStart(16, "0")}.wal`;
}

/** @returns `undefined` for any other name. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const match = pattern.exec(name);
  return match === null ? undefined : { epoch: Number(match[1]), first: Number(match[2]) };
}

/** Digits are padded, so names sort as their numbers do: by epoch, then by first sequence number. */
export function compareSegmentNames(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
