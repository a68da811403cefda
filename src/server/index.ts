/**
 * The HTTP service.
 *
 * @module
 */
export { createServer, type ServerOptions } from "./create-server.js";
export { defaultPort, serve, type ServeOptions, type Service } from "./serve.js";
