import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Announcement } from "../../examples/router/announcement.js";

type AnnouncementOf<Event extends Announcement["event"]> = Extract<Announcement, { event: Event }>;

/** An announcement, and when it came. */
export interface Heard<Event extends Announcement["event"]> {
  readonly announcement: AnnouncementOf<Event>;
  /** Milliseconds from the call that spawned the process to the line on its standard output. */
  readonly sinceSpawnMs: number;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Lines of standard error kept for the message, should the router fail. */
const keptErrorLines = 20;

/** One life of the router: a real process, from its spawning to its end. */
export class RouterProcess {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #spawnedAt = performance.now();
  /** Each under the name of its event, and therefore of that type. */
  readonly #heard = new Map<string, unknown>();
  readonly #waiting = new Set<() => void>();
  readonly #errorLines: string[] = [];
  #ending: Ending | undefined;

  /**
   * @param program the compiled router.
   * @param settings variables of its environment besides the directory; the port is one of the system's choice by default.
   */
  constructor(program: string, directory: string, settings: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [program], {
      env: { ...process.env, ROUTER_PORT: "0", ...settings, ROUTER_DIRECTORY: directory },
      stdio: ["ignore", "pipe", "pipe"],
    });
    createInterface(this.#child.stdout).on("line", (line) => {
      const announcement = JSON.parse(line) as Announcement;
      this.#heard.set(announcement.event, { announcement, sinceSpawnMs: this.sinceSpawnMs() });
      this.#wake();
    });
    createInterface(this.#child.stderr).on("line", (line) => {
      this.#errorLines.push(line);
      if (this.#errorLines.length > keptErrorLines) this.#errorLines.shift();
    });
    this.ended = once(this.#child, "close").then(([code, signal]) => {
      this.#ending = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      this.#wake();
      return this.#ending;
    });
  }

  sinceSpawnMs(): number {
    return performance.now() - this.#spawnedAt;
  }

  /** Waits for an announcement. @throws Error if the process ends without it. */
  async hear<Event extends Announcement["event"]>(event: Event): Promise<Heard<Event>> {
    for (;;) {
      const heard = this.heard(event);
      if (heard !== undefined) return heard;
      if (this.#ending !== undefined) {
        const { code, signal } = this.#ending;
        const how = signal ?? `exit code ${String(code)}`;
        throw new Error(`The router ended with ${how} before "${event}":\n${this.#errorLines.join("\n")}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** What was announced so far; `undefined` if it was not. */
  heard<Event extends Announcement["event"]>(event: Event): Heard<Event> | undefined {
    return this.#heard.get(event) as Heard<Event> | undefined;
  }

  /** Ends it as a crash, an out-of-memory killer or a power switch does. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    const { code, signal } = await this.ended;
    // A router that was already gone did not die of us: that is a finding, not a kill.
    if (signal !== "SIGKILL") {
      throw new Error(
        `The router ended by itself (${signal ?? `exit code ${String(code)}`}):\n${this.#errorLines.join("\n")}`,
      );
    }
  }

  /** Ends it as an orchestrator does. @returns how it ended. */
  async terminate(): Promise<Ending> {
    this.#child.kill("SIGTERM");
    return this.ended;
  }

  /** Sees to it that it does not outlive the drill. */
  end(): void {
    this.#child.kill("SIGKILL");
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
