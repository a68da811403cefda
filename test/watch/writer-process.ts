import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { StartupReport } from "../../src/surfaces/startup/index.js";

const program = fileURLToPath(new URL("../../build/test/programs/startup-writer.js", import.meta.url));

export interface WriterProcessOptions {
  readonly directory: string;
  readonly heartbeatIntervalMs?: number;
  readonly socket?: boolean;
  /** Takes the directory from a holder that lives but is paused. */
  readonly takeOver?: boolean;
}

/** A real process that owns the status of a directory, to be told what to report and to be killed. */
export class WriterProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  runId = "";

  private constructor(child: ChildProcess, output: NodeJS.ReadableStream) {
    this.#child = child;
    this.#answers = createInterface({ input: output })[Symbol.asyncIterator]();
    this.#exited = once(child, "exit");
  }

  static async start(options: WriterProcessOptions): Promise<WriterProcess> {
    const { directory, heartbeatIntervalMs = 2000, socket = true, takeOver = false } = options;
    const choices = [socket ? "socket" : "no-socket", takeOver ? "take-over" : "wait-not"];
    const given = [directory, String(heartbeatIntervalMs), ...choices];
    const child = spawn(process.execPath, [program, ...given], { stdio: ["pipe", "pipe", "inherit"] });
    const writer = new WriterProcess(child, child.stdout);
    writer.runId = (await writer.#answer()).run ?? "";
    return writer;
  }

  async report(report: StartupReport): Promise<void> {
    await this.#tell({ report });
  }

  /** Makes the same report again and again, on a disk that takes for ever from now on. It can only be killed then. */
  keepReportingOnStalledDisk(report: StartupReport): void {
    this.#child.stdin?.write(`${JSON.stringify({ stalledReport: report })}\n`);
  }

  /** Makes so many reports back to back. */
  async burst(count: number): Promise<void> {
    await this.#tell({ burst: count });
  }

  /** Says `stopped` and ends, as an orderly router does. */
  async close(): Promise<void> {
    await this.#tell({ close: true });
    this.#child.stdin?.end();
    await this.#exited;
  }

  /** Ends it without a last word. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
  }

  async #tell(command: object): Promise<void> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const { error } = await this.#answer();
    if (error !== undefined) throw new Error(`the writer answered ${error}`);
  }

  async #answer(): Promise<{ run?: string; error?: string }> {
    const next = await this.#answers.next();
    if (next.done === true) throw new Error("the writer ended without an answer");
    return JSON.parse(next.value) as { run?: string; error?: string };
  }
}
