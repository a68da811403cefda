/** What a soak's reader is asked, and answers, over its channel. */
export interface DocumentName {
  readonly collection: string;
  readonly id: string;
}

/** Wait until this commit has been seen, and tell what is in these documents. */
export interface ReadingQuestion {
  readonly reading: number;
  readonly sequence: number;
  readonly documents: readonly DocumentName[];
}

export interface ReadingAnswer {
  readonly reading: number;
  /** In the order of the question; `null`: there is none. Absent: the reader has not come so far in time. */
  readonly digests?: readonly (string | null)[];
}

/** What it says by itself, about twice a second. */
export interface ReaderNews {
  readonly news: {
    readonly documents: number;
    readonly changes: number;
    /** How often the journal no longer kept what came next, and it went on from the newest. */
    readonly resumed: number;
    readonly lists: number;
    readonly wrong: readonly string[];
  };
}

export function isReadingQuestion(message: unknown): message is ReadingQuestion {
  return typeof message === "object" && message !== null && "reading" in message;
}
