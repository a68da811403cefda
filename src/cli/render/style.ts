import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

/** Puts a style on text, or leaves it as it is where nobody would see it. */
export type Paint = (style: Style, text: string) => string;

/** Colours are for terminals only, and not for those who asked for none (https://no-color.org). */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  const coloured = stream.isTTY === true && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
  // Already decided here, for the stream that is written to; left alone, Node would look at standard output.
  return coloured ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}
