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

const abandonments = new WeakMap<OutputStream, AbortSignal>();

/** One listener for each stream, however many outputs write to it. */
function abandonment(stream: OutputStream): AbortSignal {
  const known = abandonments.get(stream);
  if (known !== undefined) return known;
  const controller = new AbortController();
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // Anything but a closed pipe (a full disk behind a redirection) means that the result was not delivered.
    if (error.code !== "EPIPE") throw error;
    controller.abort(error);
  });
  abandonments.set(stream, controller.signal);
  return controller.signal;
}
