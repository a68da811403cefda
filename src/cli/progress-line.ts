import type { OutputStream } from "./output.js";

/** Often enough to be seen moving, seldom enough to cost nothing. */
const intervalMs = 100;

/** One line on a terminal that is written over as work goes on, and is gone when the work is done. */
export class ProgressLine implements Disposable {
  readonly #stream: OutputStream | undefined;
  #shownAt = 0;

  /** @param stream a terminal; `undefined` shows nothing. */
  constructor(stream: OutputStream | undefined) {
    this.#stream = stream;
  }

  show(label: string, done: number, total?: number): void {
    const now = performance.now();
    if (this.#stream === undefined || (this.#shownAt !== 0 && now - this.#shownAt < intervalMs)) return;
    this.#shownAt = now;
    // A terminal that does not know its width says 0.
    const known = this.#stream.columns ?? 0;
    const columns = known > 0 ? known : 80;
    // A line that filled the last column would wrap, and could not be written over.
    this.#stream.write(`\r\u001b[2K${lineOf(label, done, total).slice(0, columns - 1)}`);
  }

  [Symbol.dispose](): void {
    if (this.#shownAt !== 0) this.#stream?.write("\r\u001b[2K");
    this.#shownAt = 0;
  }
}

function lineOf(label: string, done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return done === 0 ? `${label} ...` : `${label} ... ${done}`;
  const percent = Math.floor((Math.min(done, total) / total) * 100);
  return `${label} ... ${done} of ${total} (${percent} %)`;
}
