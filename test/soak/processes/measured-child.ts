import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, readlink } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { withoutAbsent } from "../figures/without-absent.js";
import { isVitalsAnswer, type Descriptors, type Vitals } from "./vitals.js";

const preload = new URL("../programs/report-vitals.js", import.meta.url).href;

/** Lines of standard error kept for the message, should it fail. */
const keptErrorLines = 20;
/** Nothing takes nearly as long: who needs more hangs. */
const patienceMs = 120_000;

/** One life of a process that can be measured: from its spawning to its end. */
export class MeasuredChild {
  readonly name: string;
  readonly startedAt = Date.now();
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #errorLines: string[] = [];
  readonly #looks = new Set<() => void>();
  readonly #vitals = new Map<number, Vitals>();
  #asked = 0;
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;

  /**
   * @param name what it is called in messages.
   * @param onLine gets each line of its standard output.
   * @param environment of the process, besides that of this one.
   */
  constructor(
    name: string,
    program: URL,
    args: readonly string[],
    onLine: (line: string) => void,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.name = name;
    this.#child = spawn(process.execPath, ["--expose-gc", "--import", preload, fileURLToPath(program), ...args], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error(`${name} has no output.`);
    createInterface(stdout).on("line", (line) => {
      onLine(line);
      this.look();
    });
    createInterface(stderr).on("line", (line) => {
      this.#errorLines.push(line);
      if (this.#errorLines.length > keptErrorLines) this.#errorLines.shift();
    });
    this.#child.on("message", (message) => {
      if (isVitalsAnswer(message)) this.#vitals.set(message.vitals, message.answer);
      this.look();
    });
    this.#ended = once(this.#child, "close").then(([code, signal]) => {
      this.#exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      this.look();
    });
  }

  get hasEnded(): boolean {
    return this.#exit !== undefined;
  }

  /** Gets every message it sends over its channel. */
  onMessage(listener: (message: unknown) => void): void {
    this.#child.on("message", (message) => {
      listener(message);
      this.look();
    });
  }

  /** Sends it a message. One that is gone already does not get it, which is found out by whoever waits for the answer. */
  send(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Everything that waits looks again. */
  look(): void {
    for (const look of this.#looks) look();
    this.#looks.clear();
  }

  /** Waits until `isSo`. @throws Error if it ends before, or takes too long. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!isSo()) {
      if (this.hasEnded) throw this.#failure(`ended before ${what}`);
      if (Date.now() > deadline) throw this.#failure(`did not get to ${what} within ${patienceMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#looks.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Measures it. @returns `undefined` if it is gone before it can answer. */
  async measure(): Promise<(Vitals & Partial<Descriptors>) | undefined> {
    this.#asked += 1;
    const number = this.#asked;
    this.send({ vitals: number });
    await this.until("telling its vitals", () => this.#vitals.has(number) || this.hasEnded);
    const vitals = this.#vitals.get(number);
    this.#vitals.delete(number);
    if (vitals === undefined) return undefined;
    const descriptors = await this.#descriptors();
    return { ...vitals, ...descriptors };
  }

  /** Ends it as a crash does. @throws Error if it had ended by itself. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
    if (this.#exit?.signal !== "SIGKILL") throw this.#failure("ended by itself");
  }

  /** Asks it to end. @throws Error if it does not end in order. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.until("its end", () => this.hasEnded);
    if (this.#exit?.code !== 0) throw this.#failure("did not end in order");
  }

  /** Sees to it that it does not outlive the run. */
  end(): void {
    this.#child.kill("SIGKILL");
  }

  /** @returns `undefined` where the system does not tell, and for a process that is gone. */
  async #descriptors(): Promise<Descriptors | undefined> {
    const folder = `/proc/${this.#child.pid ?? 0}/fd`;
    const counts = { descriptors: 0, packDescriptors: 0 };
    try {
      for (const name of await readdir(folder)) {
        const target = await withoutAbsent(readlink(`${folder}/${name}`));
        if (target !== undefined) counts[target.includes("/packs/") ? "packDescriptors" : "descriptors"] += 1;
      }
      return counts;
    } catch (error) {
      if (["ENOENT", "EACCES", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  }

  #failure(what: string): Error {
    const how = this.#exit === undefined ? "" : ` (${this.#exit.signal ?? `exit code ${String(this.#exit.code)}`})`;
    return new Error(`The ${this.name} ${what}${how}:\n${this.#errorLines.join("\n")}`);
  }
}
