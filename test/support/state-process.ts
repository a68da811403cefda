import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { OpenStateDirectoryOptions } from "../../src/open-state-directory.js";
import type { RecoveryReport } from "../../src/store/index.js";

const program = fileURLToPath(new URL("../../build/test/programs/state-process.js", import.meta.url));

/** One line of what the program tells; see there. */
export interface ProcessEvent {
  readonly event: string;
  readonly command?: string;
  readonly id?: string;
  readonly ids?: readonly string[];
  readonly sequence?: number;
  readonly epoch?: number;
  readonly code?: string;
  readonly condition?: string;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly recovery?: RecoveryReport;
  readonly tookMs?: number;
}

export interface StateProcessOptions {
  /** Without: as on a system where the socket of a deep directory can not be had. */
  readonly sockets?: boolean;
  /** A command that runs the program, such as one that gives it namespaces of its own. */
  readonly within?: readonly string[];
}

/** A real process that opens a state directory and does what it is told, to be paused and killed. */
export class StateProcess implements AsyncDisposable {
  readonly events: ProcessEvent[] = [];
  readonly #child: ChildProcess;
  readonly #progress = new EventEmitter();
  readonly #ended: Promise<unknown>;
  #hasEnded = false;

  private constructor(child: ChildProcess, output: NodeJS.ReadableStream) {
    this.#child = child;
    this.#progress.setMaxListeners(0);
    createInterface({ input: output }).on("line", (line) => {
      this.events.push(JSON.parse(line) as ProcessEvent);
      this.#progress.emit("progress");
    });
    this.#ended = once(child, "close").then(() => {
      this.#hasEnded = true;
      this.#progress.emit("progress");
    });
  }

  static async start({ sockets = true, within = [] }: StateProcessOptions = {}): Promise<StateProcess> {
    const [command = "", ...given] = [...within, process.execPath, program, ...(sockets ? [] : ["without-sockets"])];
    const child = spawn(command, given, { stdio: ["pipe", "pipe", "inherit"] });
    const started = new StateProcess(child, child.stdout);
    await started.event(({ event }) => event === "started");
    return started;
  }

  /** Starts a process and has it open a directory. */
  static async open(
    open: Omit<OpenStateDirectoryOptions, "collections">,
    options: StateProcessOptions = {},
  ): Promise<StateProcess> {
    const started = await StateProcess.start(options);
    await started.do({ open });
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The ids whose insertion was acknowledged. */
  get acknowledged(): string[] {
    return this.events.flatMap(({ event, id }) => (event === "acknowledged" && id !== undefined ? [id] : []));
  }

  /** Gives a command without waiting for what comes of it. @returns the event that ends it. */
  async tell(command: object): Promise<ProcessEvent> {
    const name = Object.keys(command)[0];
    const behind = this.events.length;
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    return this.event(
      ({ event, command: ended }) => (event === "done" || event === "failed") && ended === name,
      behind,
    );
  }

  /** Gives a command that must succeed. */
  async do(command: object): Promise<ProcessEvent> {
    const ended = await this.tell(command);
    if (ended.event === "failed")
      throw new Error(`${JSON.stringify(command)} failed: ${ended.code ?? ""} ${ended.message ?? ""}`);
    return ended;
  }

  /** Waits for an event that fulfils the condition, behind the first so many. */
  async event(condition: (event: ProcessEvent) => boolean, behind = 0): Promise<ProcessEvent> {
    for (let looked = behind; ;) {
      for (; looked < this.events.length; looked += 1) {
        const event = this.events[looked] as ProcessEvent;
        if (condition(event)) return event;
      }
      if (this.#hasEnded)
        throw new Error(`the process ended; its last event was ${JSON.stringify(this.events.at(-1))}`);
      await once(this.#progress, "progress");
    }
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Ends it without a last word. Resolves when the process is gone and everything it told has arrived. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) await this.kill();
  }
}
