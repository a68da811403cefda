/** What a guard says of an answer. */
export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/**
 * Looks at what a model said before anyone may rely on it. A turn is committed only after its guard has passed the whole
 * answer, so what it stops never becomes history. Put a classifier here.
 */
export interface OutputGuard {
  /** Called while an answer streams, with all the text so far, before its newest piece is sent: must be quick. */
  checkBeginning?(text: string): Verdict;

  /** Called once with the whole text, before the turn is committed. */
  check(text: string): Promise<Verdict>;
}

/** Stops answers that contain one of a list of phrases. */
export class PhraseGuard implements OutputGuard {
  readonly #phrases: readonly string[];

  constructor(phrases: readonly string[]) {
    this.#phrases = phrases.map((phrase) => phrase.toLowerCase());
  }

  checkBeginning(text: string): Verdict {
    const lower = text.toLowerCase();
    const found = this.#phrases.find((phrase) => lower.includes(phrase));
    return found === undefined ? { allowed: true } : { allowed: false, reason: `It contains "${found}".` };
  }

  check(text: string): Promise<Verdict> {
    return Promise.resolve(this.checkBeginning(text));
  }
}
