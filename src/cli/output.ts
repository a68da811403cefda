import type { WriteStream } from "node:tty";
import { printableJson } from "./printable.js";
import { paintFor, type Paint } from "./render/style.js";

export type OutputStream = NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY" | "columns">>;

/**
 * Where a command writes: results to one stream, everything else to the other. People get text, programs (`--json`) get
 * JSON, one value a line.
 */
export class Output {
  readonly json: boolean;
  /** Styles for the stream of results. */
  readonly paint: Paint;
  /** Aborts when whoever read the results went away (`holdfast changes --follow | head`): there is no one to go on for. */
  readonly abandoned: AbortSignal;
  readonly #results: OutputStream;
  readonly #remarks: OutputStream;
  readonly #remarksAbandoned: AbortSignal;

  constructor(json: boolean, results: OutputStream, remarks: OutputStream) {
    this.json = json;
    this.#results = results;
    this.#remarks = remarks;
    this.paint = paintFor(results, process.env);
    this.abandoned = abandonment(results);
    this.#remarksAbandoned = abandonment(remarks);
  }

  /** Writes one result: the value as JSON for programs, its lines for people. */
  result(value: unknown, lines: () => readonly string[]): void {
    if (this.json) this.#write(this.#results, [printableJson(value)]);
    else this.#write(this.#results, lines());
  }

  /** Writes to people only; what programs need to know is in the result. */
  remark(line: string): void {
    if (!this.json) this.#write(this.#remarks, [line]);
  }

  /** Writes an error: to people as lines, to programs as `{"error":{...}}`. */
  error(value: object, lines: () => readonly string[]): void {
    this.#write(this.#remarks, this.json ? [printableJson({ error: value })] : lines());
  }

  /** The stream to show progress on: a terminal with a person before it, or none. */
  get progressStream(): OutputStream | undefined {
    return !this.json && this.#remarks.isTTY === true ? this.#remarks : undefined;
  }

  #write(stream: OutputStream, lines: readonly string[]): void {
    const abandoned = stream === this.#results ? this.abandoned : this.#remarksAbandoned;
    if (lines.length === 0 || abandoned.aborted) return;
    stream.write(`${lines.join("\n")}\n`);
  }
}

/** What became of a stream: nobody reads it any more, or it does not take what is written. */
const ends = new WeakMap<OutputStream, AbortController>();

/** Aborts when a stream can not be written to. One listener for each stream, however many outputs write to it. */
function abandonment(stream: OutputStream): AbortSignal {
  const known = ends.get(stream);
  if (known !== undefined) return known.signal;
  const controller = new AbortController();
  stream.on("error", (error) => {
    controller.abort(error);
  });
  ends.set(stream, controller);
  return controller.signal;
}

/**
 * Waits until all that was written to a stream is out, as far as it will ever be.
 *
 * @returns why it was not delivered, if that is a failure, such as a full disk behind a redirection. A reader that went
 * away has seen all it wanted.
 */
export async function deliveryFailure(stream: OutputStream): Promise<Error | undefined> {
  const abandoned = abandonment(stream);
  await new Promise<void>((resolve) => {
    stream.write("", () => {
      resolve();
    });
  });
  const reason: unknown = abandoned.reason;
  return reason instanceof Error && (reason as NodeJS.ErrnoException).code !== "EPIPE" ? reason : undefined;
}
