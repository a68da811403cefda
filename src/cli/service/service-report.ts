import type { StateDirectory } from "../../open-state-directory.js";
import type { Output } from "../output.js";
import { printable } from "../printable.js";
import { errorAsJson, errorLines } from "../render/error.js";
import { recoveryLines } from "../render/recovery-report.js";
import { version } from "../../version.js";

/** What a service says of itself while it runs: to people on one screen, to programs one event a line. */
export class ServiceReport {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  opened({ directory, recovery }: StateDirectory): void {
    this.#output.result({ event: "opened", directory, recovery }, () => [
      `Holdfast ${version} on ${printable(directory)}`,
      ...recoveryLines(recovery, this.#output.paint),
    ]);
  }

  /** @param url where the service can be reached. */
  listening(url: string): void {
    const { pid } = process;
    this.#output.result({ event: "listening", url, pid }, () => [
      `Serving on ${url}`,
      `Stop it with Ctrl-C or kill ${pid}; kill -9 loses nothing that was acknowledged.`,
    ]);
  }

  condition({ state, error }: StateDirectory["condition"]): void {
    const what = conditionTexts[state];
    if (what === undefined) return;
    if (this.#output.json) {
      const event = { event: "condition", state, ...(error === undefined ? {} : { error: errorAsJson(error) }) };
      this.#output.result(event, () => []);
      return;
    }
    this.#output.remark(`holdfast: ${what}`);
    if (error !== undefined) for (const line of errorLines(error)) this.#output.remark(line);
  }

  stopping(reason: string): void {
    this.#output.result({ event: "stopping", reason }, () => [`Stopping (${reason})`]);
  }

  stopped(): void {
    this.#output.result({ event: "stopped" }, () => ["Stopped"]);
  }
}

const conditionTexts: Partial<Record<StateDirectory["condition"]["state"], string>> = {
  open: "there is space on the disk again; writes are accepted",
  full: "the disk is full: reads and deletes work, writes are refused until there is space",
  failed: "the disk failed: reads work, writes are refused until the service is started again, which recovers",
  fenced: "another process took over the directory; nothing can be acknowledged here any more",
};
