import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { openStateDirectory, type StateDirectory } from "../../src/open-state-directory.js";
import { serve, type ServeOptions, type Service } from "../../src/server/index.js";

/** A service that really listens, on a state directory of its own, and the official client that talks to it. */
export interface RunningService extends AsyncDisposable {
  readonly directory: string;
  readonly state: StateDirectory;
  readonly url: string;
  readonly server: Service["server"];
  readonly client: OpenAI;
  /** Closes service and directory, and opens both again. */
  restart(): Promise<void>;
  /** Sends a request with a JSON body, when there is one. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export async function runningService(options: ServeOptions = {}): Promise<RunningService> {
  // A folder around the directory that nothing else uses, to see whether anything gets out of it.
  const folder = await mkdtemp(join(tmpdir(), "holdfast-server-"));
  const directory = join(folder, "state");
  let state: StateDirectory;
  let service: Service;
  const start = async (): Promise<void> => {
    state = await openStateDirectory({ directory });
    service = await serve(state, { port: 0, logLevel: "silent", ...options });
  };
  const stop = async (): Promise<void> => {
    await service.close();
    await state.close();
  };
  await start();
  return {
    directory,
    get state() {
      return state;
    },
    get url() {
      return service.url;
    },
    get server() {
      return service.server;
    },
    get client() {
      return new OpenAI({ apiKey: "none", baseURL: `${service.url}/v1` });
    },
    async restart() {
      await stop();
      await start();
    },
    async send(method, path, body, headers = {}) {
      const reply = await fetch(new URL(path, service.url), {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await reply.text();
      const isJson = reply.headers.get("content-type")?.includes("json") === true;
      return { status: reply.status, headers: reply.headers, body: isJson && text !== "" ? JSON.parse(text) : text };
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
