/** A piece of an attached file that has to do with a question. */
export interface Passage {
  readonly file_id: string;
  readonly filename: string;
  readonly text: string;
  /** The share of the question's words that it contains: more than 0, at most 1. */
  readonly score: number;
}
