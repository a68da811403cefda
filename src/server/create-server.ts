import fastify, { LogController, type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import type { StateDirectory } from "../open-state-directory.js";
import { identifyCallers, limitRequests, requireRoles, type AccessKey } from "./access/index.js";
import { conversationRoutes } from "./conversations/conversation-routes.js";
import { answerMalformed, answerUnreadable, handleErrors } from "./errors/error-handling.js";
import { fileRoutes } from "./files/file-routes.js";
import { refuseForeignHosts } from "./loopback.js";
import { measureRequests } from "./metrics/http-metrics.js";
import { metricsRoute } from "./metrics/metrics-route.js";
import { openapiRoute } from "./openapi/openapi-route.js";
import { operatorRoutes, type OperatorOptions } from "./operator/operator-routes.js";
import { probeRoutes } from "./probes/probe-routes.js";
import { recordingConversations } from "./recording/recording-conversations.js";
import { recordingResponses } from "./recording/recording-responses.js";
import { replayRoutes } from "./replay/replay-routes.js";
import { drainWhenClosing } from "./requests/drain.js";
import { readJsonBodies } from "./requests/json-bodies.js";
import { logRequests } from "./requests/log-requests.js";
import { requestIdOf } from "./requests/request-id.js";
import { responseRoutes } from "./responses/response-routes.js";
import { refuseOtherMethods } from "./routing/method-not-allowed.js";
import { RouteRegister } from "./routing/route-register.js";
import { vectorStoreRoutes } from "./vector-stores/vector-store-routes.js";

export interface ServerOptions {
  /**
   * Who may call. Default: no keys, whoever reaches the service is `admin`, and requests that were not addressed to this
   * machine are refused.
   */
  readonly keys?: readonly AccessKey[];
  /** The most requests a minute from each key, or each address without one; 0 for no limit. Default 0. */
  readonly requestsPerMinute?: number;
  /**
   * How long a client may take to send a request, uploads among them, in milliseconds; 0 for no limit. It does not limit
   * how long the reply takes. Default ten minutes.
   */
  readonly requestTimeoutMs?: number;
  /** How patient streams of changes are. */
  readonly changeStream?: OperatorOptions;
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
const defaultRequestTimeoutMs = 600_000;

/**
 * Builds the HTTP service on an open state directory. It does not listen yet: see `serve`, which also sees to it that
 * nobody else reaches a service without keys. Closing the server lets running requests end and leaves the directory
 * open.
 *
 * @throws HoldfastError `INVALID_CONFIG` for keys that are not valid, and for a route that does not describe itself.
 */
export function createServer(state: StateDirectory, options: ServerOptions = {}): FastifyInstance {
  const { keys, requestsPerMinute = 0, bodyLimitBytes = defaultBodyLimitBytes } = options;
  const { requestTimeoutMs = defaultRequestTimeoutMs } = options;
  const { changeStream, logLevel = "info", logStream = process.stderr } = options;
  const server = fastify({
    logger: { level: logLevel, stream: logStream },
    // Request logging is our own: one line, and never a query or body.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    // Its limit also cuts the hook short that waits for requests to end. How long they may take is for whoever closes.
    pluginTimeout: 0,
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
  const register = new RouteRegister(server);
  server.decorate("routeRegister", register);

  handleErrors(server);
  readJsonBodies(server);
  server.addHook("onRequest", (request, reply, done) => {
    void reply.header("x-request-id", request.id);
    done();
  });
  logRequests(server);
  measureRequests(server, registry);
  const stopping = drainWhenClosing(server);
  if (keys === undefined) refuseForeignHosts(server);
  identifyCallers(server, keys);
  limitRequests(server, requestsPerMinute);
  requireRoles(server);

  probeRoutes(server, state);
  metricsRoute(server, state, registry);
  responseRoutes(server, state);
  conversationRoutes(server, state);
  recordingResponses(server, state);
  recordingConversations(server, state);
  fileRoutes(server, state);
  vectorStoreRoutes(server, state);
  replayRoutes(server, state);
  operatorRoutes(server, state, stopping, changeStream);
  openapiRoute(server, register);
  refuseOtherMethods(server, register);
  return server;
}
