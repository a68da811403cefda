/**
 * Compares two ranges of bytes; of two where one begins the other, the shorter comes first. Keys are short and searched
 * a dozen at a time: a loop over ten or twenty bytes costs a fraction of a call into the runtime.
 */
export function compareBytes(
  left: Buffer,
  leftFrom: number,
  leftTo: number,
  right: Buffer,
  rightFrom: number,
  rightTo: number,
): number {
  const leftLength = leftTo - leftFrom;
  const rightLength = rightTo - rightFrom;
  const shorter = leftLength < rightLength ? leftLength : rightLength;
  for (let at = 0; at < shorter; at += 1) {
    const difference = (left[leftFrom + at] as number) - (right[rightFrom + at] as number);
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}

/** How many bytes two ranges begin with in common. */
export function commonPrefix(
  left: Buffer,
  leftFrom: number,
  leftTo: number,
  right: Buffer,
  rightFrom: number,
  rightTo: number,
): number {
  const most = Math.min(leftTo - leftFrom, rightTo - rightFrom);
  let at = 0;
  while (at < most && left[leftFrom + at] === right[rightFrom + at]) at += 1;
  return at;
}
