import type { RecoveryReport } from "holdfast";
import type { Telling } from "../../kill/telling.js";
import { MeasuredChild } from "./measured-child.js";
import { stateEnvironment } from "./state-options.js";

const serviceProgram = new URL("../../../../dist/cli/main.js", import.meta.url);
const writerProgram = new URL("../programs/writer.js", import.meta.url);

/** `holdfast serve`, in one of its lives. */
export class ServiceOwner {
  readonly kind = "service";
  readonly child: MeasuredChild;
  #recovery: RecoveryReport | undefined;
  #listening: { readonly url: string; readonly pid: number } | undefined;

  constructor(directory: string) {
    const args = ["serve", "--directory", directory, "--port", "0", "--log-level", "warn", "--json"];
    this.child = new MeasuredChild(
      "service",
      serviceProgram,
      args,
      (line) => {
        this.#hear(line);
      },
      stateEnvironment,
    );
  }

  /** Waits until it serves. */
  async started(): Promise<{ readonly recovery: RecoveryReport; readonly port: number; readonly pid: number }> {
    await this.child.until("listening", () => this.#listening !== undefined);
    if (this.#recovery === undefined || this.#listening === undefined)
      throw new Error("The service did not say how it opened.");
    const { url, pid } = this.#listening;
    return { recovery: this.#recovery, port: Number(new URL(url).port), pid };
  }

  #hear(line: string): void {
    const said = JSON.parse(line) as { event?: string; recovery?: RecoveryReport; url?: string; pid?: number };
    if (said.event === "opened") this.#recovery = said.recovery;
    if (said.event === "listening") this.#listening = { url: said.url ?? "", pid: said.pid ?? 0 };
  }
}

/** A program that writes collections of its own with the library, in one of its lives. */
export class WriterOwner {
  readonly kind = "writer";
  readonly child: MeasuredChild;
  #recovery: RecoveryReport | undefined;

  /** @param hear gets what it is about to do, and what was acknowledged. */
  constructor(directory: string, life: number, seed: number, hear: (telling: Telling) => void) {
    this.child = new MeasuredChild("writer", writerProgram, [directory, String(life), String(seed)], (line) => {
      const telling = tellingOf(line);
      if (telling?.event === "opened") this.#recovery = telling.recovery;
      else if (telling !== undefined) hear(telling);
    });
  }

  async started(): Promise<{ readonly recovery: RecoveryReport }> {
    await this.child.until("opening", () => this.#recovery !== undefined);
    if (this.#recovery === undefined) throw new Error("The writer did not say how it opened.");
    return { recovery: this.#recovery };
  }

  goOn(): void {
    this.child.send({ goOn: true });
  }
}

/** @returns `undefined` for a line that the kill has cut: a long one goes into the pipe in parts. */
function tellingOf(line: string): Telling | undefined {
  try {
    return JSON.parse(line) as Telling;
  } catch (error) {
    if (error instanceof SyntaxError && !line.endsWith("}")) return undefined;
    throw error;
  }
}
