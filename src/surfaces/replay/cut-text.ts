const encoder = new TextEncoder();

/**
 * Cuts a text to so many bytes of UTF-8, at the end of a code point: what is left is never half a character.
 *
 * @param text must be well formed.
 */
export function cutText(text: string, bytes: number): string {
  // A UTF-16 unit becomes at most three bytes: most texts are settled without counting.
  if (text.length * 3 <= bytes) return text;
  // At most so many units can fit, so no more need to be looked at; one more keeps a pair at the edge whole.
  const { read } = encoder.encodeInto(text.slice(0, bytes + 1), Buffer.allocUnsafe(bytes));
  return text.slice(0, read);
}
