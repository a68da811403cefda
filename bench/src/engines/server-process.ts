import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";

/** A database server that the benchmark starts for itself, in a directory of its own, and that never outlives it. */
export class ServerProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  #said = "";

  constructor(program: string, args: readonly string[], options: Pick<SpawnOptions, "uid" | "gid" | "cwd"> = {}) {
    this.#name = program;
    this.#child = spawn(program, [...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#said = (this.#said + text).slice(-4096)));
    }
    this.#child.on("error", (error) => (this.#said += error.message));
    process.once("exit", this.#kill);
  }

  /** @throws Error if it could not be started. */
  get pid(): number {
    if (this.#child.pid === undefined) throw this.#error("could not be started");
    return this.#child.pid;
  }

  /**
   * Asks `attempt` until it succeeds.
   *
   * @throws Error if the server ends first, or after `timeoutMs`, with what it said last.
   */
  async ready<Connection>(attempt: () => Promise<Connection>, timeoutMs = 120_000): Promise<Connection> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (this.#ended) throw this.#error("ended", error);
        if (performance.now() > deadline) throw this.#error("does not answer", error);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
  }

  /** Sends `signal` and waits for the end. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    process.off("exit", this.#kill);
    if (this.#ended) return;
    const end = once(this.#child, "exit");
    this.#child.kill(signal);
    await end;
  }

  get #ended(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  readonly #kill = (): void => {
    this.#child.kill("SIGKILL");
  };

  #error(what: string, cause?: unknown): Error {
    return new Error(`${this.#name} ${what}. It said: ${this.#said.trim() || "nothing"}`, { cause });
  }
}
