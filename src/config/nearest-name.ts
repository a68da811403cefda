/**
 * The known name that an unknown one was most likely meant to be.
 *
 * @returns `undefined` if none is near: a far-fetched suggestion is worse than none.
 */
export function nearestName(unknown: string, known: Iterable<string>): string | undefined {
  const wanted = unknown.slice(0, 100).toLowerCase();
  let nearest: string | undefined;
  let smallest = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < smallest) {
      smallest = distance;
      nearest = name;
    }
  }
  return nearest;
}

/** How many letters must be added, removed or replaced to make one word the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replaced));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
