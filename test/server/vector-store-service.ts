import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import OpenAI from "openai";
import {
  openStateDirectory,
  type OpenStateDirectoryOptions,
  type StateDirectory,
} from "../../src/open-state-directory.js";
import { createServer } from "../../src/server/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** A service that really listens, on a state directory whose vector stores are set up as a test wants. */
export interface VectorStoreService extends AsyncDisposable {
  readonly state: StateDirectory;
  readonly client: OpenAI;
  /** Closes service and directory, and opens both again. */
  restart(): Promise<void>;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export async function vectorStoreService(
  vectorStores: NonNullable<OpenStateDirectoryOptions["vectorStores"]> = {},
): Promise<VectorStoreService> {
  const folder = await temporaryFolder();
  let state: StateDirectory;
  let server: FastifyInstance;
  let url: string;
  const start = async (): Promise<void> => {
    state = await openStateDirectory({ directory: folder.at("state"), vectorStores });
    server = createServer(state, { logLevel: "silent" });
    await server.listen({ host: "127.0.0.1", port: 0 });
    url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  };
  const stop = async (): Promise<void> => {
    await server.close();
    await state.close();
  };
  await start();
  return {
    get state() {
      return state;
    },
    get client() {
      return new OpenAI({ apiKey: "none", baseURL: `${url}/v1` });
    },
    async restart() {
      await stop();
      await start();
    },
    async send(method, path, body, headers = {}) {
      const reply = await fetch(new URL(path, url), {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await reply.text();
      const isJson = reply.headers.get("content-type")?.includes("json") === true;
      return { status: reply.status, headers: reply.headers, body: isJson && text !== "" ? JSON.parse(text) : text };
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
