import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { EventName, Telling, WriterOrders } from "./telling.js";

const program = fileURLToPath(new URL("../programs/kill-writer.js", import.meta.url));

/** Lines of standard error kept for the message, should a writer fail. */
const keptErrorLines = 20;
/** No step takes nearly as long: who needs more hangs. */
const patienceMs = 180_000;

/** One life of a writer: a real process, from its spawning to its end. */
export class WriterProcess {
  readonly life: number;
  /** Resolves when it is gone and everything that it told has been heard. */
  readonly ended: Promise<void>;
  /** What it told, in order. */
  readonly heard: Telling[] = [];
  /** Milliseconds from spawning it to its first acknowledgment, once that was heard. */
  firstAcknowledgmentMs: number | undefined;
  hasEnded = false;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #spawnedAt = performance.now();
  readonly #waiting = new Set<() => void>();
  readonly #errorLines: string[] = [];
  #wasKilled = false;
  #failure: string | undefined;

  constructor(orders: WriterOrders) {
    this.life = orders.life;
    this.#child = spawn(process.execPath, [program, JSON.stringify(orders)], { stdio: ["ignore", "pipe", "pipe"] });
    createInterface(this.#child.stdout).on("line", (line) => {
      this.#hear(line);
    });
    createInterface(this.#child.stderr).on("line", (line) => {
      this.#errorLines.push(line);
      if (this.#errorLines.length > keptErrorLines) this.#errorLines.shift();
    });
    this.ended = once(this.#child, "close").then(([code, signal]) => {
      if (code !== 0 && !(this.#wasKilled && signal === "SIGKILL")) {
        const how = (signal as string | null) ?? `exit code ${String(code)}`;
        this.#failure ??= `the writer of life ${this.life} ended by itself (${how}) after it had told ${JSON.stringify(this.heard.at(-1)?.event)}:\n${this.#errorLines.join("\n")}`;
      }
      this.hasEnded = true;
      this.#wake();
    });
  }

  /** Why it ended, if neither by a kill nor in order. */
  get failure(): string | undefined {
    return this.#failure;
  }

  has(event: EventName): boolean {
    return this.heard.some((telling) => telling.event === event);
  }

  /** Waits for it to tell this, or to end. @returns whether it has told it. */
  async reaches(event: EventName): Promise<boolean> {
    const bound = setTimeout(() => {
      this.#failure = `the writer of life ${this.life} did not get to ${JSON.stringify(event)} in ${patienceMs} ms`;
      this.#child.kill("SIGKILL");
    }, patienceMs);
    try {
      while (!this.has(event)) {
        if (this.hasEnded) return false;
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
      return true;
    } finally {
      clearTimeout(bound);
    }
  }

  /** Ends it as a crash does. Resolves when it is gone; one that is gone already is left alone. */
  async kill(): Promise<void> {
    this.#wasKilled = true;
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  #hear(line: string): void {
    let telling: Telling;
    try {
      telling = JSON.parse(line) as Telling;
    } catch (error) {
      // A long line goes into the pipe in parts, and the kill may come between two of them: nothing else is cut.
      if (error instanceof SyntaxError && !line.endsWith("}")) return;
      throw error;
    }
    this.heard.push(telling);
    if (telling.event === "acknowledged") this.firstAcknowledgmentMs ??= performance.now() - this.#spawnedAt;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
