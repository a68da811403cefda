import type { z } from "zod";
import { HoldfastError, type Problem } from "../../errors.js";

/** Most problems that are listed; the rest is counted. A hostile body must not make a report larger than itself. */
const mostProblems = 50;

/** Collects what is wrong with one piece of input, so that all of it is refused at once. */
export class ProblemList {
  readonly #problems: Problem[] = [];
  #unlisted = 0;

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  /** What was noted, as far as it is listed. */
  get listed(): readonly Problem[] {
    return this.#problems;
  }

  add(path: string, message: string): void {
    if (this.#problems.length < mostProblems) this.#problems.push({ path, message });
    else this.#unlisted += 1;
  }

  /**
   * Checks a value and notes what is wrong with it.
   *
   * @returns the value itself, not the parsed copy: unknown members and the order of members stay as they came.
   */
  check<Value>(schema: z.ZodType<Value>, value: unknown, path: string): Value | undefined {
    const result = schema.safeParse(value);
    if (result.success) return value as Value;
    for (const issue of result.error.issues) {
      const pointer = issue.path.map((member) => `/${String(member).replaceAll("~", "~0").replaceAll("/", "~1")}`);
      this.add(path + pointer.join(""), issue.message);
    }
    return undefined;
  }

  /** @throws HoldfastError `INVALID_DOCUMENT` if anything was noted. */
  throwIfAny(summary: string): void {
    if (this.isEmpty) return;
    const more = this.#unlisted === 0 ? "" : ` ${this.#unlisted} more are not listed.`;
    throw HoldfastError.ofProblems("INVALID_DOCUMENT", summary + more, this.#problems);
  }

  /**
   * The value that {@link check} gave back, now that everything has been looked at.
   *
   * @throws HoldfastError `INVALID_DOCUMENT` if anything was noted.
   */
  accepted<Value>(checked: Value | undefined, summary: string): Value {
    this.throwIfAny(summary);
    if (checked === undefined) throw new TypeError("A value that was refused has left no problem behind.");
    return checked;
  }
}
