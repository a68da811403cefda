import OpenAI from "openai";
import { startCli, type RunningCli } from "../cli/cli-process.js";
import { temporaryFolder } from "../support/temporary-folder.js";

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A service of its own process on a state directory, which can be killed and started again any number of times. */
export class ServiceProcess implements AsyncDisposable {
  readonly folder: string;
  readonly #flags: readonly string[];
  #running: RunningCli | undefined;
  #url = "";

  /** @param flags what `holdfast serve` is given besides. */
  constructor(folder: string, flags: readonly string[] = []) {
    this.folder = folder;
    this.#flags = flags;
  }

  /** Where it is reached. */
  get url(): string {
    return this.#url;
  }

  /** The official client, which repeats nothing by itself: a test must know which request was answered. */
  get client(): OpenAI {
    return new OpenAI({ baseURL: `${this.#url}/v1`, apiKey: "scenario", maxRetries: 0 });
  }

  get running(): RunningCli {
    if (this.#running === undefined) throw new Error("The service has not been started.");
    return this.#running;
  }

  /** @returns the recovery report that it printed. */
  async start(): Promise<Readonly<Record<string, unknown>>> {
    const running = startCli(["serve", "--port", "0", "--json", ...this.#flags], { in: this.folder });
    this.#running = running;
    await running.until((stdout) => stdout.includes('"event":"listening"'));
    const events = running.values as { readonly event: string; readonly url?: string; readonly recovery?: object }[];
    this.#url = events.find(({ event }) => event === "listening")?.url ?? "";
    const opened = events.find(({ event }) => event === "opened");
    return (opened?.recovery ?? {}) as Readonly<Record<string, unknown>>;
  }

  /** Ends it as an out-of-memory killer does. */
  async kill(): Promise<void> {
    this.running.kill("SIGKILL");
    const { signal } = await this.running.ended;
    if (signal !== "SIGKILL") throw new Error(`The service had ended by itself:\n${this.running.stdout}`);
  }

  /** Kills it and starts it again. @returns the recovery report. */
  async killAndRestart(): Promise<Readonly<Record<string, unknown>>> {
    await this.kill();
    return this.start();
  }

  async request(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const response = await fetch(new URL(path, this.#url), {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: bodyOf(text) };
  }

  /** The body of a reply that must be a success. */
  async ask(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
    const reply = await this.request(method, path, body);
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`);
    return reply.body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
  }
}

/** A started service in a folder of its own; both are gone when the test ends. */
export async function startedService(
  flags: readonly string[] = [],
): Promise<AsyncDisposable & { readonly service: ServiceProcess }> {
  const folder = await temporaryFolder();
  const service = new ServiceProcess(folder.path, flags);
  await service.start();
  return {
    service,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function bodyOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
