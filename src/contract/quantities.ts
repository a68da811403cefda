const units = [
  ["day", 24 * 60 * 60 * 1000],
  ["hour", 60 * 60 * 1000],
  ["minute", 60 * 1000],
  ["second", 1000],
  ["millisecond", 1],
] as const;

/** Says a time in the largest unit that needs no fraction: 2592000000 is `30 days`, 5400000 is `90 minutes`. */
export function duration(milliseconds: number): string {
  for (const [unit, length] of units) {
    const count = milliseconds / length;
    if (count >= 1 && Number.isInteger(count)) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return `${milliseconds} milliseconds`;
}

const byteUnits = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
] as const;

/** Says a number of bytes in the largest unit that needs no fraction: 67108864 is `64 MiB`. */
export function byteCount(bytes: number): string {
  for (const [unit, size] of byteUnits) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size} ${unit}`;
  }
  return `${bytes} bytes`;
}
