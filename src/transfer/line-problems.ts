import { HoldfastError, isHoldfastError, type Problem } from "../errors.js";

/** Most problems that are listed; the rest is counted. */
const mostProblems = 50;

/** Collects what is wrong with the lines of an input, so that all of it is refused at once. */
export class LineProblems {
  readonly #problems: Problem[] = [];
  #count = 0;

  add(line: number, path: string, message: string): void {
    this.#count += 1;
    if (this.#problems.length < mostProblems) this.#problems.push({ path: `/lines/${line}${path}`, message });
  }

  /** Notes what was thrown about a line, if it is about the input. */
  note(line: number, error: unknown): void {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      this.add(line, "", `is not JSON in UTF-8: ${error.message}`);
      return;
    }
    const isAboutInput =
      isHoldfastError(error, "INVALID_DOCUMENT") ||
      isHoldfastError(error, "INVALID_ID") ||
      isHoldfastError(error, "INVALID_CONFIG") ||
      isHoldfastError(error, "DOCUMENT_TOO_LARGE") ||
      isHoldfastError(error, "UNSUPPORTED_FORMAT") ||
      isHoldfastError(error, "CORRUPT");
    if (!isAboutInput) throw error;
    if (error.problems.length === 0) this.add(line, "", error.message);
    for (const { path, message } of error.problems) this.add(line, path, message);
  }

  /** Notes what a schema found. */
  noteIssues(line: number, issues: readonly { readonly path: PropertyKey[]; readonly message: string }[]): void {
    for (const { path, message } of issues) this.add(line, path.map((part) => `/${String(part)}`).join(""), message);
  }

  /** @throws HoldfastError `INVALID_DOCUMENT` if anything was noted. */
  throwIfAny(what: string): void {
    if (this.#count === 0) return;
    const more = this.#count - this.#problems.length;
    const rest = more === 0 ? "" : ` ${more} more problems are not listed.`;
    throw HoldfastError.ofProblems(
      "INVALID_DOCUMENT",
      `${what} can not be imported; nothing was written.${rest}`,
      this.#problems,
    );
  }
}
