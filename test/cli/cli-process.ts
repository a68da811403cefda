import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The built program, as an installation runs it. */
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface CliOptions {
  /** The working directory. */
  readonly in: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads on standard input; by default nothing. */
  readonly input?: string | Buffer;
}

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end. */
export async function runCli(given: readonly string[], options: CliOptions): Promise<CliResult> {
  const running = startCli(given, options);
  running.child.stdin.on("error", ignoreClosedPipe);
  running.child.stdin.end(options.input);
  return await running.ended;
}

/** A command that runs on. Everything it writes is kept. */
export class RunningCli implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<CliResult>;
  #stdout = "";
  #stderr = "";
  readonly #looks = new Set<() => void>();

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    this.ended = once(child, "close").then(([code, signal]) => {
      this.#look();
      return {
        code: code as number | null,
        signal: signal as NodeJS.Signals | null,
        stdout: this.#stdout,
        stderr: this.#stderr,
      };
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** The values written so far by a command with `--json`. */
  get values(): unknown[] {
    return valuesOf(this.#stdout);
  }

  /** Waits until what was written so far is what is looked for; rejects if the process ends before. */
  async until(found: (stdout: string, stderr: string) => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (found(this.#stdout, this.#stderr)) resolve();
        else if (this.child.stdout.closed) reject(new Error(`It ended first.\n${this.#stdout}\n${this.#stderr}`));
        else return;
        this.#looks.delete(look);
      };
      this.#looks.add(look);
      look();
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** No process outlives its test, not even a stopped one. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.ended;
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }
}

export function startCli(given: readonly string[], options: Omit<CliOptions, "input">): RunningCli {
  return new RunningCli(
    spawn(process.execPath, [program, ...given], {
      cwd: options.in,
      env: { ...cleanEnvironment(), ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
    }),
  );
}

/** Every line of `--json` output as a value. */
export function valuesOf(text: string): unknown[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

/** The environment without settings of whoever runs the tests. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_")));
}

/** A command that refuses its arguments ends without reading. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "ECONNRESET") throw error;
}
