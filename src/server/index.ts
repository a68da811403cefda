/**
 * The HTTP service.
 *
 * @module
 */
export type { AccessKey } from "./access/index.js";
export { createServer, type ServerOptions } from "./create-server.js";
export { defaultPort, serve, type ServeOptions, type Service } from "./serve.js";
