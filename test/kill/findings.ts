/** What the loop found to be otherwise than was promised. */
export class Findings {
  /** Acknowledged, and not there. */
  readonly lost: string[] = [];
  /** There, and not as it should be. */
  readonly wrong: string[] = [];

  get any(): boolean {
    return this.lost.length + this.wrong.length > 0;
  }

  /** Notes something wrong unless the two are the same. */
  expectSame(what: string, found: unknown, expected: unknown): void {
    if (!Object.is(found, expected)) this.wrong.push(`${what} is ${String(found)} instead of ${String(expected)}`);
  }
}
