import fastify, { LogController, type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import type { StateDirectory } from "../open-state-directory.js";
import { conversationRoutes } from "./conversations/conversation-routes.js";
import { answerMalformed, answerUnreadable, handleErrors, refuseOtherMethods } from "./errors/error-handling.js";
import { refuseForeignHosts } from "./loopback.js";
import { measureRequests } from "./metrics/http-metrics.js";
import { metricsRoute } from "./metrics/metrics-route.js";
import { operatorRoutes } from "./operator/operator-routes.js";
import { probeRoutes } from "./probes/probe-routes.js";
import { recordingConversations } from "./recording/recording-conversations.js";
import { recordingResponses } from "./recording/recording-responses.js";
import { drainWhenClosing } from "./requests/drain.js";
import { logRequests } from "./requests/log-requests.js";
import { readJsonBodies } from "./requests/json-bodies.js";
import { requestIdOf } from "./requests/request-id.js";
import { responseRoutes } from "./responses/response-routes.js";

export interface ServerOptions {
  /** The largest request body, in bytes; a larger one is answered with 413. Default 16 MiB. */
  readonly bodyLimitBytes?: number;
  /** The least important messages to log. Default `"info"`; `"silent"` for none. */
  readonly logLevel?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** Where log lines go, as JSON. Default: standard error. */
  readonly logStream?: { write(line: string): void };
}

const defaultBodyLimitBytes = 16 * 1024 * 1024;
/** An id has up to 256 characters, each of them up to twelve when percent-encoded. */
const longestPathParameter = 256 * 12;
/** A client has this long to send a request. It does not limit how long the reply takes. */
const requestTimeoutMs = 120_000;

/**
 * Builds the HTTP service on an open state directory. It does not listen yet: see `serve`, which also sees to it that
 * only this machine can reach it. Closing the server lets running requests end and leaves the directory open.
 */
export function createServer(state: StateDirectory, options: ServerOptions = {}): FastifyInstance {
  const { bodyLimitBytes = defaultBodyLimitBytes, logLevel = "info", logStream = process.stderr } = options;
  const server = fastify({
    logger: { level: logLevel, stream: logStream },
    // Request logging is our own: one line, and never a query or body.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength: longestPathParameter },
    requestIdHeader: false,
    genReqId: requestIdOf,
    frameworkErrors: answerUnreadable,
    clientErrorHandler: answerMalformed,
    forceCloseConnections: "idle",
    // What is answered while closing is answered properly; the connection ends after it.
    return503OnClosing: false,
  });
  const registry = new Registry();

  drainWhenClosing(server);
  handleErrors(server);
  readJsonBodies(server);
  server.addHook("onRequest", (request, reply, done) => {
    void reply.header("x-request-id", request.id);
    done();
  });
  refuseForeignHosts(server);
  logRequests(server);
  measureRequests(server, registry);

  const refuseTheRest = refuseOtherMethods(server);
  probeRoutes(server, state);
  metricsRoute(server, state, registry);
  responseRoutes(server, state);
  conversationRoutes(server, state);
  recordingResponses(server, state);
  recordingConversations(server, state);
  operatorRoutes(server, state);
  refuseTheRest();
  return server;
}
