/** A durability bug: one change to one place of the sources, and the tests that must notice it. */
export interface Mutation {
  /** Unique, in words joined by hyphens. */
  readonly name: string;
  /** What the changed program does wrong. */
  readonly bug: string;
  /** Relative to the root, such as `src/files/replace-file.ts`. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files that are expected to notice, relative to the root, quickest first. The rest run only if the first do not. */
  readonly tests: readonly string[];
}

/** @throws Error if the text to replace is not there exactly once: the code has moved on, and the mutation must follow. */
export function mutate(text: string, { name, file, find, replace }: Mutation): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(
      `The mutation ${name} does not fit ${file} any more: its text occurs ${parts.length - 1} times, not once.`,
    );
  }
  return parts.join(replace);
}
