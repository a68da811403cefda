import { expect } from "vitest";
import { managementErrorSchema, openaiErrorSchema, replayErrorSchema } from "../../src/server/errors/error-shapes.js";
import type { RegisteredRoute } from "../../src/server/routing/route-register.js";
import { runningService, type RunningService } from "../server/running-service.js";
import { message, response } from "../surfaces/samples.js";

/** Longer than any answer takes, and shorter than the test may. */
const longestAnswerMs = 20_000;
const errorSchemas = [openaiErrorSchema, replayErrorSchema, managementErrorSchema];

/** In path and body these stand for the ids of what there is: `FILE`, `CONVERSATION`, `VECTOR_STORE`, `CURSOR`. */
export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** A service with something of everything in it, that is asked whatever comes up. */
export class FuzzedService implements AsyncDisposable {
  readonly service: RunningService;
  /** All but HEAD. */
  readonly routes: readonly RegisteredRoute[];
  readonly #log: string[];
  readonly #probes: ReadonlySet<string>;
  readonly #known = new Map<string, string>();

  private constructor(service: RunningService, log: string[]) {
    this.service = service;
    this.#log = log;
    this.routes = service.server.routeRegister.routes.filter(({ method }) => method !== "HEAD");
    this.#probes = new Set(
      this.routes.filter(({ description }) => description.role === "public").map(({ url }) => url),
    );
  }

  static async start(): Promise<FuzzedService> {
    const log: string[] = [];
    const logStream = { write: (line: string) => log.push(line) };
    const service = await runningService({ logLevel: "error", logStream, bodyLimitBytes: 256 * 1024 });
    const fuzzed = new FuzzedService(service, log);
    await fuzzed.#fill();
    return fuzzed;
  }

  /** Something to be found, so that not everything ends at a 404. */
  async #fill(): Promise<void> {
    const items = [message("msg_1", "user", "hello")];
    await this.#make("/v1/state/responses", { response: response("resp_1"), input: items });
    for (const id of ["replay_1", "replay_2", "replay_3"])
      await this.#make("/v1/router_replay", { record: { id, timestamp: new Date().toISOString() } });
    const page = await this.service.send("GET", "/v1/router_replay?limit=1");
    this.#know("CURSOR", (page.body as { readonly next_after?: unknown }).next_after);
    this.#know("CONVERSATION", await this.#make("/v1/conversations", { items }));
    this.#know("VECTOR_STORE", await this.#make("/v1/vector_stores", { name: "a" }));
    const file = await this.service.client.files.create({ file: new File(["bytes"], "a.txt"), purpose: "assistants" });
    this.#know("FILE", file.id);
  }

  /** @returns the id of what was made, if it has one. */
  async #make(path: string, body: object): Promise<unknown> {
    const reply = await this.service.send("POST", path, body);
    expect([path, reply.status < 300 ? "made" : reply.body]).toEqual([path, "made"]);
    return (reply.body as { readonly id?: unknown }).id;
  }

  #know(name: string, id: unknown): void {
    if (typeof id !== "string") throw new TypeError(`there is no ${name} to ask for`);
    this.#known.set(name, id);
  }

  #withKnownIds(text: string): string {
    return [...this.#known].reduce((filled, [name, id]) => filled.replaceAll(name, id), text);
  }

  /**
   * Sends a request and reads the answer, but of a stream of events only its head. Whatever was asked: no defect of the
   * service, and every refusal in an error body that the documentation has.
   *
   * @returns the status.
   */
  async expectProperAnswer({ method, headers, ...named }: FuzzedRequest): Promise<number> {
    const path = this.#withKnownIds(named.path);
    const body = named.body === undefined ? undefined : this.#withKnownIds(named.body);
    const reply = await fetch(`${this.service.url}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(longestAnswerMs),
      ...(body === undefined ? {} : { body }),
    });
    const { status } = reply;
    if (reply.headers.get("content-type")?.startsWith("text/event-stream") === true) {
      await reply.body?.cancel();
      return status;
    }
    const text = await reply.text();
    expect(status === 500 ? [method, path, text] : []).toEqual([]);
    // A probe says in its own words that the service is not ready: no router has told this one that it is.
    const isProbe = this.#probes.has(path.split("?")[0] ?? "");
    if (status >= 400 && !(status === 503 && isProbe)) {
      const hasErrorBody = errorSchemas.some((schema) => schema.safeParse(parsed(text)).success);
      expect([path, status, hasErrorBody ? "an error body" : text]).toEqual([path, status, "an error body"]);
    }
    return status;
  }

  /** Lines of the log that tell of a defect. Asking for them forgets them. */
  takeDefects(): string[] {
    return this.#log.splice(0).filter((line) => line.includes("internal_error") || line.includes("TypeError"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
