import type { Random } from "../../drill/random.js";

/** A text of its own: 20 to 1,500 characters, most of them short. */
export function textOf(key: string, random: Random): string {
  const length = Math.floor(20 * 75 ** random.next());
  return `${key} ${Math.floor(random.next() * 1e9)} `.repeat(Math.ceil(length / 20)).trimEnd();
}
