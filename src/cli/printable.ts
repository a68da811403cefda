/**
 * What a terminal might obey instead of show: control characters (C0, DEL, C1), marks that reverse the direction of
 * text, line and paragraph separators, and halves of surrogate pairs.
 */
// eslint-disable-next-line no-control-regex -- control characters are exactly what this looks for.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

/**
 * Text from disk or from a caller, made safe to show: an id or message must not be able to move the cursor, rename the
 * window, or make one line look like two.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escapeOf);
}

/** As {@link printable}, for text of several lines, such as an error that lists its problems. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/**
 * A value as JSON on one line. JSON itself escapes only what stands below the space; the rest can only occur inside
 * strings, where its escaped form means the same.
 */
export function printableJson(value: unknown, indentation?: number): string {
  return JSON.stringify(value, null, indentation).replace(unprintable, (character) =>
    character === "\n" && indentation !== undefined ? character : escapeOf(character),
  );
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
