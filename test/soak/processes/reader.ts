import type { Findings } from "../../kill/findings.js";
import { MeasuredChild } from "./measured-child.js";
import type { DocumentName, ReaderNews, ReadingAnswer } from "./reading.js";

const program = new URL("../programs/reader.js", import.meta.url);

/** The process that reads from the first moment to the last. */
export class Reader {
  readonly child: MeasuredChild;
  news: ReaderNews["news"] | undefined;
  readonly #answers = new Map<number, ReadingAnswer>();
  #asked = 0;
  #isOpen = false;

  constructor(directory: string, findings: Findings) {
    this.child = new MeasuredChild("reader", program, [directory], () => {
      this.#isOpen = true;
    });
    this.child.onMessage((message) => {
      if (typeof message !== "object" || message === null) return;
      if ("news" in message) {
        this.news = (message as ReaderNews).news;
        findings.wrong.push(...this.news.wrong.map((what) => `the reader saw that ${what}`));
      } else if ("reading" in message) {
        const answer = message as ReadingAnswer;
        this.#answers.set(answer.reading, answer);
      }
    });
  }

  async opened(): Promise<void> {
    await this.child.until("opening", () => this.#isOpen);
  }

  /**
   * Asks for documents as they are at this commit or later.
   *
   * @returns the digests of their bodies, `null` for one that is not there; `undefined` if it did not see the commit.
   */
  async read(documents: readonly DocumentName[], sequence: number): Promise<readonly (string | null)[] | undefined> {
    this.#asked += 1;
    const reading = this.#asked;
    this.child.send({ reading, sequence, documents });
    await this.child.until("answering what it reads", () => this.#answers.has(reading));
    const answer = this.#answers.get(reading);
    this.#answers.delete(reading);
    return answer?.digests;
  }
}
