import { isHoldfastError, type Problem } from "../../errors.js";
import { printableLines } from "../printable.js";

/** An error as programs get it on stderr with `--json`. */
export interface ErrorAsJson {
  /** One of the error codes of the library, or `WRONG_USAGE`, or `UNEXPECTED` for what should not have happened. */
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
}

export function errorAsJson(error: unknown): ErrorAsJson {
  if (isHoldfastError(error)) {
    const { code, message, details, problems } = error;
    return { code, message, details, problems };
  }
  return { code: "UNEXPECTED", message: messageOf(error), details: {}, problems: [] };
}

/** An error for people: what went wrong, and for one nobody expected also where, so that it can be reported. */
export function errorLines(error: unknown): string[] {
  if (isHoldfastError(error)) return printableLines(`holdfast: ${error.code}: ${error.message}`).split("\n");
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return printableLines(`holdfast: unexpected error, please report it: ${messageOf(error)}\n${stack}`)
    .trimEnd()
    .split("\n");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
