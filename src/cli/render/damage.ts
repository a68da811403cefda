import { printable } from "../printable.js";
import type { Paint } from "./style.js";

/** What could not be read, for people: all of it, since each line names a file someone has to look at. */
export function damageLines(
  damage: readonly { readonly file: string; readonly detail: string }[],
  paint: Paint,
): string[] {
  return damage.map(({ file, detail }) => `${paint("red", "damage")}  ${printable(`${file}: ${detail}`)}`);
}
