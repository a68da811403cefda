import fastify, { type FastifyInstance } from "fastify";
import OpenAI from "openai";
import { answerMalformed, answerUnreadable, handleErrors } from "../../src/server/errors/error-handling.js";
import { fileRoutes } from "../../src/server/files/file-routes.js";
import { drainWhenClosing } from "../../src/server/requests/drain.js";
import { readJsonBodies } from "../../src/server/requests/json-bodies.js";
import { requestIdOf } from "../../src/server/requests/request-id.js";
import { refuseOtherMethods } from "../../src/server/routing/method-not-allowed.js";
import { RouteRegister } from "../../src/server/routing/route-register.js";
import { openFiles, type OpenFiles, type OpenFilesOptions } from "../surfaces/files-under-test.js";
import { temporaryFolder, type TemporaryFolder } from "../support/temporary-folder.js";

/**
 * The routes of files, really listening, on a directory with nothing else in it: with limits, formats and a disk of the
 * test's own choosing.
 */
export interface FilesService extends AsyncDisposable {
  /** Around the state directory; nothing else is in it. */
  readonly folder: TemporaryFolder;
  readonly directory: string;
  readonly now: OpenFiles;
  readonly url: string;
  readonly client: OpenAI;
  /** Closes service and directory, and opens both again. */
  restart(): Promise<void>;
  /** Sends a form, as a browser would. */
  post(parts: Iterable<readonly [string, string | File]>, headers?: Record<string, string>): Promise<Reply>;
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export async function filesService(
  options: OpenFilesOptions & { readonly configure?: (server: FastifyInstance) => void } = {},
): Promise<FilesService> {
  const folder = await temporaryFolder();
  const directory = folder.at("state");
  let now: OpenFiles;
  let server: FastifyInstance;
  let url: string;
  const start = async (): Promise<void> => {
    now = await openFiles(directory, options);
    server = serverOf(now);
    options.configure?.(server);
    url = await server.listen({ host: "127.0.0.1", port: 0 });
  };
  const stop = async (): Promise<void> => {
    await server.close();
    await now.close();
  };
  await start();
  const send = async (path: string, request: RequestInit): Promise<Reply> => {
    const reply = await fetch(new URL(path, url), request);
    const isJson = reply.headers.get("content-type")?.includes("json") === true;
    const text = await reply.text();
    return { status: reply.status, headers: reply.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    folder,
    directory,
    get now() {
      return now;
    },
    get url() {
      return url;
    },
    get client() {
      return new OpenAI({ apiKey: "none", baseURL: `${url}/v1` });
    },
    async restart() {
      await stop();
      await start();
    },
    post: (parts, headers = {}) => send("/v1/files", { method: "POST", headers, body: formOf(parts) }),
    get: (path, headers = {}) => send(path, { headers }),
    async [Symbol.asyncDispose]() {
      await stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export function formOf(parts: Iterable<readonly [string, string | File]>): FormData {
  const form = new FormData();
  for (const [name, value] of parts) form.append(name, value);
  return form;
}

function serverOf({ files }: OpenFiles): FastifyInstance {
  const server = fastify({
    // Far below what a file may have: it is for other bodies.
    bodyLimit: 1024,
    routerOptions: { maxParamLength: 4096 },
    genReqId: requestIdOf,
    frameworkErrors: answerUnreadable,
    clientErrorHandler: answerMalformed,
    forceCloseConnections: "idle",
  });
  const register = new RouteRegister(server);
  handleErrors(server);
  readJsonBodies(server);
  drainWhenClosing(server);
  fileRoutes(server, { files });
  refuseOtherMethods(server, register);
  return server;
}
